/** Good requests that bring a file, and what a bad file is told. */
import { expect, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import iconv from "iconv-lite"
import { limits } from "../../../../src/domain/Import.ts"
import { becomes } from "../../../support/ams.ts"
import { Ams, World } from "../../../support/http.ts"
import { read } from "../../../support/stream.ts"
import { good, office, refused } from "./good.ts"
import { problemOf } from "./problem.ts"

const headings = "이름,생년월일,학교,학년,보호자 이름,보호자 전화번호"
const pupils = (name: string, count: number) =>
  Array.from(
    { length: count },
    (_, n) => `${name}${n},2015-03-02,한빛초,초3,부모${n},010-8800-${String(n).padStart(4, "0")}`
  )
const cp949 = (lines: ReadonlyArray<string>) => new Uint8Array(iconv.encode(lines.join("\r\n"), "cp949"))
const members = { params: { kind: "members" } }
const csv = { "content-type": "text/csv" }

export const imports = (it: Vitest.MethodsNonLive<Ams | World>) => {
  it.effect("imports a file as Excel saves it, whose members are seen and are there when it comes again", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const as = yield* office
      const sent = { ...as, ...members, body: cp949([headings, ...pupils("가져온", 2)]) }
      const report = { kind: "members", lines: 2, members: 4, guardianships: 2, enrollments: 0, alreadyThere: [] }
      expect(yield* good("imports.run", { ...sent, query: "?dryRun=true" })).toEqual({ ...report, dryRun: true })
      expect(yield* good("imports.run", sent)).toEqual({ ...report, dryRun: false })
      expect(yield* good("imports.run", sent)).toMatchObject({ members: 0, alreadyThere: [2, 3] })
      yield* ams.settled
      const found = yield* good("members.list", { ...as, query: `?name=${encodeURIComponent("가져온")}` })
      expect(found).toMatchObject([
        {
          name: "가져온0",
          status: "ACTIVE",
          schoolName: "한빛초",
          guardians: [{ name: "부모0", relationship: "GUARDIAN" }]
        },
        { name: "가져온1" }
      ])
      expect(yield* good("audit.list", { ...as, query: "?action=member.import&limit=2" })).toMatchObject([
        { channel: "API", detail: expect.stringContaining("2 already there") },
        { detail: "2 lines, 4 members, 2 guardianships, 0 enrollments, 0 already there" }
      ])
    }))

  it.effect("shows how far an import is while it goes on, and at last what became of it", () =>
    Effect.gen(function*() {
      const { port } = yield* Ams
      const { a } = yield* World
      const watch = (lines: ReadonlyArray<string>) =>
        Effect.gen(function*() {
          const url = `http://127.0.0.1:${port}/api/v1/imports/members/events`
          const reader = yield* read(url, a.manager.token, lines.join("\n"))
          expect([reader.status, reader.contentType]).toEqual([200, "text/event-stream"])
          yield* becomes(Effect.sync(() => reader.isOver()), (over) => expect(over).toBe(true))
          return reader.heard()
        })
      const heard = yield* watch([headings, ...pupils("본", 100)])
      const stages = heard.map(({ data, event }) => (event === "progress" ? Object(data)["stage"] : event))
      expect([...new Set(stages)]).toEqual(["reading", "checking", "writing", "report"])
      expect(stages.filter((stage) => stage === "checking").length).toBeGreaterThan(3)
      expect(heard.at(-1)).toMatchObject({ event: "report", data: { members: 100 + 98, lines: 100 } })
      const refusal = yield* watch([headings, "가,x,한빛초,초3,,"])
      expect(refusal.at(-1)).toMatchObject({
        event: "problem",
        data: { status: 422, errorCode: "IMPORT_REFUSED", errors: [{ line: 2, column: "생년월일", code: "INVALID" }] }
      })
      const { params } = members
      yield* good("imports.watch", { ...yield* office, params, body: [headings, ...pupils("끝", 1)].join("\n") })
    }))

  it.effect("tells every problem by line and column, in the language of whoever reads", () =>
    Effect.gen(function*() {
      const as = yield* office
      const body = cp949(["이름,성별,학교,학년,생년월일", "가,x,한빛초,초3,2015-3-2", ",남,한빛초,초3,2015-3-2"])
      for (
        const [language, detail, first] of [
          ["ko", "파일에 고칠 곳이 2곳 있어 아무것도 등록하지 않았습니다.", "올바르지 않습니다: 남 또는 여."],
          [
            "en",
            "Nothing was imported: 2 things have to be corrected.",
            "This cannot be read: expected FEMALE, MALE or OTHER."
          ]
        ] as const
      ) {
        const sent = { ...as, ...members, body, headers: { "accept-language": language } }
        const problem = yield* refused("imports.run", sent, 422, "IMPORT_REFUSED")
        expect(problem.detail).toBe(detail)
        expect(problem.errors).toEqual([
          { pointer: "/body/2/성별", code: "INVALID", line: 2, column: "성별", message: first },
          { pointer: "/body/3/이름", code: "REQUIRED", line: 3, column: "이름", message: expect.any(String) }
        ])
      }
    }))

  it.effect("takes files of up to 5 MiB as text/csv, and what is larger or something else not at all", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { token } = yield* office
      yield* ams.settled
      const before = yield* ams.footprint
      const of = (size: number) => new Uint8Array(size).fill(0x0a)
      for (const path of ["/api/v1/imports/members", "/api/v1/imports/enrollments/events"]) {
        const post = (body: unknown, chunked = false, headers: Readonly<Record<string, string>> = csv) =>
          ams.call("POST", path, { token, body, chunked, headers })
        for (const chunked of [false, true]) {
          const answer = yield* post(of(limits.bytes + 1), chunked)
          expect(problemOf(answer, 413, "COMMON_BODY_TOO_LARGE").detail).toContain("5 MiB")
          expect(answer.headers["connection"]).toBe("close")
        }
        for (const type of ["application/json", "text/plain", "multipart/form-data"]) {
          const answer = yield* post("이름\n가", false, { "content-type": type })
          expect(problemOf(answer, 415, "COMMON_MEDIA_TYPE").detail).toContain("text/csv")
        }
        // The first bytes of the stream, or the whole of the problem.
        expect((yield* post(of(limits.bytes))).text).toMatch(/MISSING_COLUMN|"stage":"reading"/)
        problemOf(yield* ams.call("POST", path, { headers: csv, body: "x" }), 401)
      }
      expect(yield* ams.footprint).toEqual(before)
    }))
}
