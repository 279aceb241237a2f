/** Calls that should be answered well, by the names of their endpoints. */
import { expect } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { alone, person } from "../../../support/academy.ts"
import { Ams, type Sent, World } from "../../../support/http.ts"
import { address, endpoints, whatever } from "./endpoints.ts"
import { problemOf } from "./problem.ts"

/** Endpoints that have answered well. */
export const done = new Set<string>()

const Envelope = Schema.Struct({ data: Schema.Unknown, meta: Schema.Record(Schema.String, Schema.Unknown) })
const envelope = Schema.decodeUnknownSync(Envelope, { onExcessProperty: "error" })
const decodeJson = Schema.decodeSync(Schema.fromJsonString(Schema.Unknown))
export const idOf = (data: unknown) => Schema.decodeUnknownSync(Schema.Struct({ id: Schema.String }))(data).id

const versionOf = (data: unknown) =>
  typeof data === "object" && data !== null && "version" in data ? data.version : undefined

interface Call extends Sent {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: string
}
const call = Effect.fnUntraced(function*(name: string, { params, query, ...sent }: Call) {
  const ams = yield* Ams
  const endpoint = endpoints.find((one) => one.name === name)
  if (endpoint === undefined) return yield* Effect.die(`there is no ${name}`)
  const headers = { ...whatever(endpoint), ...sent.headers }
  const answer = yield* ams.call(endpoint.method, address(endpoint, params, query), { ...sent, headers })
  return { endpoint, answer }
})

/** The `data` of an answer that is as good as it should be. */
export const good = Effect.fnUntraced(function*(name: string, sent: Call) {
  const { answer, endpoint } = yield* call(name, sent)
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: endpoint.status })
  if (endpoint.stream) {
    expect(answer.headers["content-type"]).toContain("text/event-stream")
    done.add(name)
    const [, data = ""] = /^event: \w+\ndata: (.*)\n\n/.exec(answer.text) ?? []
    return decodeJson(data)
  }
  expect(answer.headers["content-type"]).toBe("application/json")
  const { data } = envelope(answer.json)
  if (endpoint.answerHeaders.includes("location")) {
    expect(answer.headers["location"]).toMatch(new RegExp(`^/api/v1/[a-z/0-9-]+/${idOf(data)}$`))
  }
  // A thing that has a version says it twice.
  if (answer.headers.etag !== undefined) expect(answer.headers.etag).toMatch(/^"\d+"$/)
  const version = endpoint.answerHeaders.includes("etag") ? versionOf(data) : undefined
  if (version !== undefined) expect(answer.headers.etag).toBe(`"${version}"`)
  done.add(name)
  return data
})
/** The bytes of a file that is as good as it should be. */
export const file = Effect.fnUntraced(function*(name: string, sent: Call & { readonly token: string }) {
  const endpoint = endpoints.find((one) => one.name === name)
  if (endpoint === undefined) return yield* Effect.die(`there is no ${name}`)
  const { port } = yield* Ams
  const answer = yield* Effect.promise(async () => {
    const got = await fetch(`http://127.0.0.1:${port}${address(endpoint, sent.params, sent.query)}`, {
      headers: { authorization: `Bearer ${sent.token}` }
    })
    return { status: got.status, headers: got.headers, bytes: new Uint8Array(await got.arrayBuffer()) }
  })
  const type = answer.headers.get("content-type") ?? ""
  expect({ status: answer.status, type }).toMatchObject({ status: endpoint.status })
  expect(endpoint.mediaTypes).toContain(type)
  done.add(name)
  return { ...answer, type, disposition: answer.headers.get("content-disposition") }
})
export const refused = Effect.fnUntraced(function*(name: string, sent: Call, status: number, errorCode: string) {
  return problemOf((yield* call(name, sent)).answer, status, errorCode)
})
export const make = (name: string, sent: Call) => Effect.map(good(name, sent), idOf)

export const office = Effect.map(World, ({ a }) => ({ token: a.manager.token }))
/** A new student of a class of A, by default the one that began two minutes ago, at which they pressed the button. */
export const arrived = Effect.fnUntraced(function*(of: "own" | "other" = "own") {
  const ams = yield* Ams
  const { a } = yield* World
  const { classId, sessionId, date } = a[of]
  const studentId = yield* make("members.create", { ...yield* office, body: person("STUDENT") })
  yield* good("enrollments.enroll", {
    ...yield* office,
    params: { classId },
    body: { studentId, from: date, ...alone }
  })
  const student = { token: yield* ams.token(studentId) }
  const attendanceId = yield* make("attendances.request", { ...student, params: { sessionId } })
  return {
    studentId,
    student,
    attendanceId,
    params: { sessionId, attendanceId },
    teacher: { token: a[of].teacher.token }
  }
})
