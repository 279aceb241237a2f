/** What is asked is a function of the document and the seed, and knows itself what may come of it. */
import { describe, expect, it } from "@effect/vitest"
import { chance } from "../chaos/Chance.ts"
import { read } from "./Document.ts"
import { nothingKnown } from "./Known.ts"
import { documented, written } from "./Requests.ts"
import { spoilt } from "./Spoilt.ts"

const document = read({
  paths: {
    "/rooms/{roomId}/seats": {
      post: {
        operationId: "seats.make",
        tags: ["seats"],
        parameters: [
          { name: "roomId", in: "path", required: true, schema: { type: "string", format: "uuid" } },
          { name: "limit", in: "query", required: true, schema: { type: "integer", minimum: 1, maximum: 100 } }
        ],
        security: [{ bearer: [] }],
        requestBody: {
          content: {
            "application/json": {
              schema: {
                type: "object",
                properties: {
                  name: { type: "string", minLength: 1, maxLength: 60 },
                  row: { anyOf: [{ type: "integer", minimum: 1, maximum: 40 }, { type: "null" }] },
                  from: { type: "string", allOf: [{ pattern: "^\\d{4}-\\d{2}-\\d{2}$", format: "date" }] },
                  code: { type: "string", pattern: "^[A-Z]{3}-\\d{2}$" },
                  sides: {
                    type: "array",
                    items: { type: "string", enum: ["LEFT", "RIGHT"] },
                    maxItems: 2,
                    uniqueItems: true
                  }
                },
                required: ["name", "row", "from", "code", "sides"],
                additionalProperties: false
              }
            }
          }
        },
        responses: { 201: {} }
      }
    }
  },
  components: { schemas: { Problem: { type: "object" } } }
})
const roomId = "0199aaaa-0000-7000-8000-000000000001"

const made = (seed: number) => {
  const [operation] = document.operations
  if (operation === undefined) throw new Error("the document has lost its operation")
  const known = nothingKnown(document.operations)
  known.learn("roomId", roomId)
  const dice = chance(seed, "requests")
  const meant = documented(
    { document, known, chance: dice, today: "2026-03-02" },
    operation,
    "manager",
    () => undefined
  )
  return { operation, meant, all: [written(meant, "as documented", "taken"), ...spoilt(meant, dice, 50)] }
}
const seeds = Array.from({ length: 50 }, (_, seed) => seed)

describe("what is asked", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(made(7).all).toEqual(made(7).all)
    expect(made(7).all).not.toEqual(made(8).all)
  })

  it("fits the document before it is spoilt, with ids that lead somewhere", () => {
    for (const seed of seeds) {
      const { meant, operation } = made(seed)
      expect(operation.body?.fits(meant.body)).toEqual([])
      expect(meant.query).toEqual([["limit", expect.stringMatching(/^\d+$/)]])
    }
    expect(seeds.map((seed) => made(seed).meant.place["roomId"])).toContain(roomId)
  })

  it.each([
    ["body /name is null", "refused"],
    ["body /name is an emoji", "any"],
    ["body /name is 100 kB of text", "refused"],
    ["body /row is null", "any"],
    ["body /row is 1e999", "refused"],
    ["body /row is NaN", "refused"],
    ["body /row is a number as a text", "refused"],
    ["body /from is 29 February 2026", "refused"],
    ["body /name is missing", "refused"],
    ["body /nonsense is too much", "refused"],
    ["body /__proto__ is too much", "refused"],
    ["body has name twice", "any"],
    ["body has name twice, the second one wrong", "refused"],
    ["body breaks off", "refused"],
    ["there is no body", "refused"],
    ["body is \"[]\"", "refused"],
    ["body is text/plain", "refused"],
    ["path roomId is %ff", "refused"],
    ["path roomId is %00", "refused"],
    ["query limit is missing", "refused"],
    ["query limit comes twice", "refused"],
    ["query limit is 1e999", "refused"],
    ["query has one that is not known", "refused"],
    ["authorization is Bearer", "refused"],
    ["x-ams-academy is null", "any"]
  ])("%s: %s", (how, expected) => {
    const found = seeds.slice(0, 10).flatMap((seed) => made(seed).all).filter((one) => one.how === how)
    expect(new Set(found.map((one) => one.expected))).toEqual(new Set([expected]))
  })
})
