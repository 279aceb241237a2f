import { describe, expect, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import { randomUUID } from "node:crypto"
import { Ams, World } from "../../../support/http.ts"
import { asked } from "./asked.ts"
import { address, endpoints } from "./endpoints.ts"
import { Known } from "./known.ts"
import { problemOf } from "./problem.ts"

/** Things that are edited: the row that asks for it, and where it is read, if it is read alone. */
const edited: ReadonlyArray<{ readonly name: string; readonly row: string; readonly show?: string }> = [
  { name: "academy.change", row: "academy.change", show: "academy.show" },
  { name: "academy.changeClassroom", row: "academy.changeClassroom own", show: "academy.classroom" },
  { name: "classes.edit", row: "classes.edit own", show: "classes.show" },
  { name: "members.edit", row: "members.edit own", show: "members.show" },
  { name: "members.changeRoles", row: "members.changeRoles own", show: "members.show" },
  { name: "members.changeGuardian", row: "members.changeGuardian own" },
  { name: "channels.change", row: "channels.change" }
]
const removed = { name: "members.unlinkGuardian", row: "members.unlinkGuardian own" }
const noVersion = [
  "academy.putHoliday",
  "academy.removeHoliday",
  "auth.endOthers",
  "auth.endSession",
  "enrollments.stopWaiting",
  "me.prefer",
  "me.unregister"
]
const calls = Effect.fnUntraced(function*({ name, row, show: shown = name }: (typeof edited)[number]) {
  const ams = yield* Ams
  const given = yield* Known
  const of = (wanted: string) =>
    Effect.fromOption(Option.fromUndefinedOr(endpoints.find((one) => one.name === wanted))).pipe(Effect.orDie)
  const ask = yield* Effect.orDie(Effect.fromOption(Option.fromUndefinedOr(asked[row])))
  const { body, params } = yield* ask(given)
  const [changing, showing] = [yield* of(name), yield* of(shown)]
  const sent = { token: given.a.manager.token }
  return {
    show: (headers = {}, method = "GET") => ams.call(method, address(showing, params), { ...sent, headers }),
    change: (ifMatch?: string) =>
      ams.call(changing.method, address(changing, params), {
        ...sent,
        body,
        headers: ifMatch === undefined ? {} : { "if-match": ifMatch }
      })
  }
})
const versionOf = (etag: string | undefined) => Number(/^"(\d+)"$/.exec(etag ?? "")?.[1] ?? "NaN")

layer(Known.layer, { excludeTestServices: true })("what somebody has seen", (it) => {
  it("must be said by whoever changes a thing that has a version", () => {
    const changing = endpoints.filter(({ method }) => ["PATCH", "PUT", "DELETE"].includes(method))
    const asking = changing.filter(({ headers }) => headers.includes("if-match")).map(({ name }) => name)
    expect(asking.toSorted()).toEqual([removed, ...edited].map(({ name }) => name).toSorted())
    expect(changing.map(({ name }) => name).filter((name) => !asking.includes(name)).toSorted()).toEqual(noVersion)
  })

  describe.each(edited)("$name", (thing) => {
    it.effect("builds upon the version that it names, and upon no other", () =>
      Effect.gen(function*() {
        const ams = yield* Ams
        const { change } = yield* calls(thing)
        const first = yield* change("*")
        expect(first.status).toBe(200)
        const version = versionOf(first.headers.etag)
        yield* ams.settled
        const before = yield* ams.footprint
        problemOf(yield* change(), 428, "COMMON_PRECONDITION_REQUIRED")
        const others = [`"${version - 1}"`, `"${version + 1}"`, `W/"${version}"`, `${version}`, "\"x\"", "", "\"\""]
        for (const other of others) problemOf(yield* change(other), 412, "COMMON_PRECONDITION_FAILED")
        expect(yield* ams.footprint).toEqual(before)
        const next = yield* change(`"0x1", "${version}"`)
        expect([next.status, versionOf(next.headers.etag)]).toEqual([200, version + 1])
        problemOf(yield* change(`"${version}"`), 412)
      }))

    it.effect("of many that build upon one version at the same moment one does", () =>
      Effect.gen(function*() {
        const { change } = yield* calls(thing)
        const etag = (yield* change("*")).headers.etag
        const answers = yield* Effect.replicateEffect(change(etag), 8, { concurrency: "unbounded" })
        const statuses = answers.map(({ status }) => status).toSorted()
        expect(statuses).toEqual([200, 412, 412, 412, 412, 412, 412, 412])
      }))
  })

  it.effect("must be said by whoever removes one, and be so still", () =>
    Effect.gen(function*() {
      const { change } = yield* calls(removed)
      problemOf(yield* change(), 428, "COMMON_PRECONDITION_REQUIRED")
      for (const other of ["\"0\"", "\"2\"", "W/\"1\""]) {
        problemOf(yield* change(other), 412, "COMMON_PRECONDITION_FAILED")
      }
      expect((yield* change("\"1\"")).status).toBe(200)
      problemOf(yield* change("*"), 404)
    }))

  describe.each(edited.filter(({ show }) => show !== undefined))("$name", (thing) => {
    it.effect("who has it already gets no second copy, until it has changed", () =>
      Effect.gen(function*() {
        const { change, show } = yield* calls(thing)
        const { headers: { etag = "" } } = yield* show()
        for (const has of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
          for (const method of ["GET", "HEAD"]) {
            const again = yield* show({ "if-none-match": has }, method)
            expect({ status: again.status, text: again.text, etag: again.headers.etag })
              .toEqual({ status: 304, text: "", etag })
            expect(again.headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" })
          }
        }
        expect((yield* show({ "if-none-match": "\"x\"" })).status).toBe(200)
        yield* change(etag)
        const changed = yield* show({ "if-none-match": etag })
        expect([changed.status, versionOf(changed.headers.etag)]).toEqual([200, versionOf(etag) + 1])
      }))
  })

  it.effect("is what the answer of every command says that changes or makes one thing", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const made = yield* ams.call("POST", "/api/v1/academy/classrooms", {
        ...a.office,
        body: { name: randomUUID().slice(0, 20) }
      })
      expect(made.headers.etag).toBe("\"1\"")
      const there = yield* ams.call("GET", made.headers.location ?? "", a.office)
      expect([there.text, there.headers.etag]).toEqual([made.text, "\"1\""])
    }))
})
