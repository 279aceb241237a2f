/** Planted faults: a judge who finds none is no judge. */
import { describe, expect, it } from "@effect/vitest"
import type { Answer } from "../support/http.ts"
import { read } from "./Document.ts"
import { judge } from "./Judge.ts"
import { type Asked, written } from "./Requests.ts"

const text = { type: "string" }
const problemSchema = {
  type: "object",
  properties: {
    type: text,
    title: text,
    status: { type: "integer" },
    detail: text,
    instance: text,
    errorCode: text,
    traceId: text,
    timestamp: text,
    errors: { type: "array" }
  },
  required: ["type", "title", "status", "detail", "instance", "errorCode", "traceId", "timestamp"],
  additionalProperties: false
}
const refused = {
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } }
}
const parameter = { name: "roomId", in: "path", required: true, schema: { type: "string", format: "uuid" } }
const document = read({
  paths: {
    "/rooms/{roomId}": {
      put: {
        operationId: "rooms.put",
        tags: ["rooms"],
        parameters: [parameter],
        security: [],
        requestBody: {
          content: {
            "application/json": {
              schema: { type: "object", properties: { name: text }, required: ["name"], additionalProperties: false }
            }
          }
        },
        responses: {
          201: {
            content: {
              "application/json": {
                schema: { type: "object", properties: { seats: { type: "integer" } }, required: ["seats"] }
              }
            },
            headers: { location: { schema: text, required: true } }
          },
          400: refused,
          500: refused
        }
      },
      get: {
        operationId: "rooms.watch",
        tags: ["rooms"],
        parameters: [parameter],
        security: [],
        responses: {
          200: {
            content: {
              "text/event-stream": {
                schema: {
                  anyOf: [{
                    type: "object",
                    properties: {
                      event: { type: "string", enum: ["snapshot"] },
                      data: { type: "string", contentSchema: { type: "object", required: ["seats"] } }
                    }
                  }]
                }
              }
            }
          }
        }
      }
    }
  },
  components: { schemas: { Problem: problemSchema } }
})
const [put, watch] = document.operations

const asked = (expected: Asked["expected"] = "any", operation = put, method = operation?.method): Asked => {
  if (operation === undefined || method === undefined) throw new Error("the document has lost an operation")
  const place = { roomId: "0199aaaa-0000-7000-8000-000000000001" }
  return written({ operation, as: "manager", place, query: [], body: { name: "x" } }, "", expected, { method })
}

const answer = (status: number, body: unknown, headers: Answer["headers"] = {}): Answer => ({
  status,
  headers: {
    "content-type": status < 400 ? "application/json" : "application/problem+json",
    ...(status === 201 ? { location: "/rooms/1" } : {}),
    ...headers
  },
  text: typeof body === "string" ? body : JSON.stringify(body),
  json: typeof body === "string" ? undefined : body
})
const problem = (status: number, changed: Readonly<Record<string, unknown>> = {}) => ({
  type: "https://ams.dev/problems/common-validation-failed",
  title: "Bad Request",
  status,
  detail: "입력값을 확인해 주세요.",
  instance: "/rooms/1",
  errorCode: "COMMON_VALIDATION_FAILED",
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  timestamp: "2026-11-27T12:00:00.000Z",
  ...changed
})
const rules = (by: Asked, one: Answer) => judge(document, by, one).map(({ rule }) => rule)

describe("the judge", () => {
  it("finds nothing where all is as documented", () => {
    expect(rules(asked("taken"), answer(201, { seats: 3 }))).toEqual([])
    expect(rules(asked("refused"), answer(400, problem(400)))).toEqual([])
  })

  it.each([
    ["a status that is not documented", asked(), answer(409, problem(409)), "its status is documented"],
    ["a 500, though it is documented", asked(), answer(500, problem(500)), "no answer of 5xx"],
    ["a body without what it must have", asked(), answer(201, {}), "its body fits"],
    ["a body of another type", asked(), answer(201, { seats: "3" }), "its body fits"],
    ["no body", asked(), answer(201, ""), "its body fits"],
    [
      "another media type",
      asked(),
      answer(201, "<p>3</p>", { "content-type": "text/html" }),
      "its media type is documented"
    ],
    ["a header that is away", asked(), answer(201, { seats: 3 }, { location: undefined }), "its headers are there"],
    [
      "an error that is no problem+json",
      asked(),
      answer(400, problem(400), { "content-type": "application/json" }),
      "it is a problem as all are"
    ],
    ["a problem without its trace", asked(), answer(400, problem(400, { traceId: "" })), "it is a problem as all are"],
    ["a problem of another status", asked(), answer(400, problem(404)), "it is a problem as all are"],
    ["a problem with more in it", asked(), answer(400, problem(400, { stack: "at x" })), "it is a problem as all are"],
    [
      "a statement of SQL",
      asked(),
      answer(400, problem(400, { detail: "select id from member" })),
      "it tells nothing of the inside"
    ],
    [
      "a stack",
      asked(),
      answer(400, problem(400, { detail: "at run (file:///srv/x.ts:1:2)" })),
      "it tells nothing of the inside"
    ],
    [
      "an answer to what had to be refused",
      asked("refused"),
      answer(201, { seats: 3 }),
      "what is not documented is refused"
    ],
    ["a refusal of what is documented", asked("taken"), answer(400, problem(400)), "what is documented is taken"],
    [
      "an event whose data does not fit",
      asked("any", watch),
      answer(200, "event: snapshot\ndata: {}\n\n", { "content-type": "text/event-stream" }),
      "its body fits"
    ],
    [
      "an event that is none",
      asked("any", watch),
      answer(200, "event: rumour\ndata: {\"seats\":3}\n\n", { "content-type": "text/event-stream" }),
      "its body fits"
    ],
    [
      "an answer to a method that is none",
      asked("any", put, "DELETE"),
      answer(404, problem(404), { allow: "GET, HEAD, PUT" }),
      "its status is documented"
    ],
    [
      "a wrong Allow",
      asked("any", put, "DELETE"),
      answer(405, problem(405), { allow: "GET" }),
      "its headers are there"
    ]
  ])("finds %s", (_, by, one, rule) => {
    expect(rules(by, one)).toContain(rule)
  })

  it("takes an event whose data fits, and a 405 that says what there is", () => {
    const stream = { "content-type": "text/event-stream" }
    expect(rules(asked("any", watch), answer(200, "event: snapshot\ndata: {\"seats\":3}\n\n", stream))).toEqual([])
    expect(rules(asked("any", put, "DELETE"), answer(405, problem(405), { allow: "GET, HEAD, PUT" }))).toEqual([])
  })
})
