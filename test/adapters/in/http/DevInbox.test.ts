import { expect, it as plainIt, layer } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { person } from "../../../support/academy.ts"
import { becomes } from "../../../support/ams.ts"
import { Ams, World } from "../../../support/http.ts"
import { read } from "../../../support/stream.ts"
import { problemOf } from "./problem.ts"

type Running = Context.Service.Shape<typeof Ams>

const look = (ams: Running, query = "") => read(`http://127.0.0.1:${ams.port}/dev/inbox/events${query}`, "")
type Reader = Effect.Success<ReturnType<typeof look>>
const messagesOf = (reader: Reader) => JSON.stringify(reader.heard().filter(({ event }) => event === "messages"))

const put = (ams: Running, body: string, academyId: string) =>
  ams.sql(`insert into sandbox_message (id, academy_id, channel, recipient, body)
    values (gen_random_uuid(), '${academyId}', 'SMS', '+821012345678', '${body}')`)

const academies = ["01960000-0000-7000-8000-00000000000a", "01960000-0000-7000-8000-00000000000b"] as const

layer(World.layer, { excludeTestServices: true })("/dev/inbox", (it) => {
  it.effect("shows what parents read, as text, whatever a student is called", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const { classId, sessionId, date, teacher } = a.own
      const manager = { token: a.manager.token }
      const name = "<script>alert('\"&')</script>"
      const studentId = yield* ams.make("/api/v1/members", { ...person("STUDENT"), name }, manager)
      const parent = { ...person("PARENT"), name: "<b>어머니" }
      const parentId = yield* ams.make("/api/v1/members", parent, manager)
      yield* ams.make(`/api/v1/members/${studentId}/guardians`, { parentId, relationship: "MOTHER" }, manager)
      yield* ams.make(`/api/v1/classes/${classId}/enrollments`, { studentId, from: date }, manager)
      const confirm = `/api/v1/sessions/${sessionId}/attendances/confirm`
      yield* ams.call("POST", confirm, { token: teacher.token, body: { students: [{ studentId }] } })
      yield* ams.settled

      const { json } = yield* ams.call("GET", `/dev/inbox.json?academyId=${a.id}`)
      expect(json).toEqual({
        data: [{
          id: expect.any(String),
          academyId: a.id,
          channel: "KAKAO_TALK",
          recipient: expect.stringMatching(/^\+82/),
          body: expect.stringContaining(name),
          at: expect.any(String)
        }],
        meta: {}
      })
      expect((yield* ams.call("GET", `/dev/inbox.json?academyId=${a.own.classId}`)).json).toMatchObject({ data: [] })

      const page = yield* ams.call("GET", `/dev/inbox?academyId=${a.id}`)
      expect(page.headers).toMatchObject({
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "content-security-policy": expect.stringMatching(
          /^default-src 'none'; style-src 'sha256-.+'; script-src 'sha256-/
        )
      })
      const written = "&#60;script&#62;alert(&#39;&#34;&#38;&#39;)&#60;/script&#62;"
      expect(page.text).toContain(written)
      expect(page.text).toContain(`data-name="&#60;b&#62;어머니"`)
      expect(page.text).not.toContain("<script>alert")
      expect((yield* ams.call("GET", `/dev/inbox?academyId=${a.own.classId}`)).text).not.toContain(written)

      const reader = yield* look(ams, `?academyId=${a.id}`)
      yield* becomes(Effect.sync(() => messagesOf(reader)), (text) => expect(text).toContain(written))
      expect(messagesOf(reader)).not.toContain("<script")
    }))

  it.effect("tells who looks of a new message within 2 s, once, and nobody who looks at another academy", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const [mine, other] = academies
      const [reader, elsewhere] = [yield* look(ams, `?academyId=${mine}`), yield* look(ams, `?academyId=${other}`)]
      expect([reader.status, reader.contentType]).toEqual([200, "text/event-stream"])
      yield* becomes(
        Effect.sync(() => [reader, elsewhere].map((one) => one.heard().length)),
        (n) => expect(n).toEqual([1, 1])
      )
      yield* put(ams, "first", mine)
      yield* becomes(Effect.sync(() => messagesOf(reader)), (text) => expect(text).toContain(">first<"), 2)
      yield* put(ams, "second", mine)
      yield* put(ams, "third", other)
      yield* becomes(Effect.sync(() => messagesOf(reader)), (text) => expect(text).toContain(">second<"), 2)
      yield* becomes(Effect.sync(() => messagesOf(elsewhere)), (text) => expect(text).toContain(">third<"), 2)
      expect(messagesOf(reader).match(/>(first|second|third)</g)).toEqual([">first<", ">second<"])
      expect(messagesOf(elsewhere)).not.toMatch(/>(first|second)</)
    }))
})

layer(Ams.layer({ development: true, liveStreams: 1 }), { excludeTestServices: true })("who looks", (it) => {
  it.effect("has one of the places for streams, and leaves it", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const reader = yield* look(ams)
      yield* becomes(Effect.sync(() => reader.heard().length), (n) => expect(n).toBe(1))
      problemOf(yield* ams.call("GET", "/dev/inbox/events"), 503, "COMMON_TOO_MANY_STREAMS")
      reader.close()
      yield* becomes(ams.call("GET", "/dev/inbox/events"), ({ status }) => expect(status).toBe(200))
    }))
})

plainIt.live("the server stops at once while somebody looks", () =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const ams = Context.get(yield* Layer.buildWithScope(Ams.layer(), scope), Ams)
    const reader = yield* look(ams)
    yield* becomes(Effect.sync(() => reader.heard().length), (n) => expect(n).toBe(1))
    const began = performance.now()
    yield* Scope.close(scope, Exit.void)
    // Requests in flight would have 8 s.
    expect(performance.now() - began).toBeLessThan(4000)
    yield* becomes(Effect.sync(reader.isOver), (over) => expect(over).toBe(true))
  }))

layer(Ams.layer({ development: false }), { excludeTestServices: true })("outside of development", (it) => {
  it.effect.each(["/dev/inbox", "/dev/inbox.json", "/dev/inbox/events", "/dev"])(
    "there is no %s",
    (path) =>
      Effect.gen(function*() {
        problemOf(yield* (yield* Ams).call("GET", path), 404, "COMMON_ROUTE_NOT_FOUND")
      })
  )
})
