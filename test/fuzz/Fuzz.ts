/**
 * One run: what `/openapi.json` documents, asked as documented and against it. Round after round at a new academy, since
 * good requests close classes and cancel sessions.
 */
import { Cause, Clock, DateTime, Duration, Effect, Schedule, Schema } from "effect"
import { dateIn } from "../../src/domain/LocalTime.ts"
import { planted } from "../adapters/in/http/asked.ts"
import { files, good } from "../adapters/in/http/bodies.ts"
import { type Chance, chance } from "../chaos/Chance.ts"
import { zone } from "../support/academy.ts"
import { Ams, type House, house, type Sent, World } from "../support/http.ts"
import { type Document, type Operation, read } from "./Document.ts"
import { type Fault, judge } from "./Judge.ts"
import { type Known, nothingKnown } from "./Known.ts"
import { type Asked, type Caller, callers, documented, type Given, type Meant, written } from "./Requests.ts"
import { spoilt, tooLarge } from "./Spoilt.ts"
import { type Options, requestOf, short, type Tally, tallyOf, unspoilt } from "./Tally.ts"
import type { Source } from "./Values.ts"

/** One academy and its people, at which everything is known by now that can be. */
interface Stage {
  readonly document: Document
  readonly tally: Tally
  /** Of an administrator as whom nothing is asked. */
  readonly admin: string
  readonly house: House
  readonly known: Known
  readonly chanceOf: (name: string) => Chance
  readonly today: string
  /** Who was last answered well. */
  readonly welcome: Map<string, Caller>
}

const sentAs = ({ house }: Stage, as: Caller): Sent => {
  switch (as) {
    case "administrator":
      return house.office
    case "manager":
      return { token: house.manager.token }
    default:
      return { token: house.own[as].token }
  }
}

/** What an operation that must be refused may not leave behind stands in every table. */
const send = Effect.fnUntraced(function*(stage: Stage, asked: Asked) {
  const ams = yield* Ams
  const { document, known, tally, welcome } = stage
  const { operation } = asked
  const by = sentAs(stage, asked.as)
  const fault = (fault: Fault, answer: string) =>
    tally.fault({ ...fault, operation: operation.id, request: requestOf(asked), answer: short(answer) })
  const sent: Sent = {
    ...(operation.secured && asked.headers["authorization"] === undefined ? { token: by.token } : {}),
    headers: { ...by.headers, ...asked.headers },
    body: asked.body
  }
  const answer = yield* ams.call(asked.method, asked.path, sent).pipe(
    Effect.timeout("35 seconds"),
    Effect.matchCause({
      onSuccess: (answer) => answer,
      onFailure: (cause) => fault({ rule: "it is answered", found: Cause.pretty(cause) }, "")
    })
  )
  if (answer === undefined) return undefined
  tally.answered(asked, answer)
  for (const one of judge(document, asked, answer)) fault(one, `${answer.status} ${answer.text}`)
  if (answer.status < 300) {
    welcome.set(operation.id, asked.as)
    known.read(operation, asked.place, answer.text, answer.headers["location"])
  }
  return answer
})

const Paused = Schema.Struct({
  data: Schema.Array(Schema.Struct({ handler: Schema.String, paused: Schema.Unknown }))
})

/** Deliveries that go on now; one that waits for the end of quiet hours does not. And what handlers have given up. */
const goingOn = `select
  (select count(*) from event_delivery where owner is not null or next_attempt_at < now() + interval '10 seconds')::int as busy,
  (select count(*) from failed_event where rule <> 'planted')::int as failed`
const GoingOn = Schema.decodeUnknownSync(Schema.Tuple([Schema.Struct({ busy: Schema.Int, failed: Schema.Int })]))
const soon = Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: "60 seconds" }))

/** Waits until all that the requests have caused is done. What handlers choke on is a fault of who asked for it. */
const quiet = Effect.fnUntraced(function*({ admin, tally }: Stage) {
  const ams = yield* Ams
  const handlers = "/api/v1/operations/handlers"
  const { json } = yield* ams.call("GET", handlers, { token: admin })
  for (const { handler, paused } of Schema.decodeUnknownSync(Paused)(json).data) {
    if (paused !== null) yield* ams.call("POST", `${handlers}/${handler}/resume`, { token: admin })
  }
  const left = yield* ams.sql(goingOn).pipe(
    Effect.map((rows) => GoingOn(rows)[0]),
    Effect.repeat({ while: ({ busy, failed }) => busy > 0 && failed === 0, schedule: soon })
  )
  if (left.busy === 0 && left.failed === 0) return
  const failed = yield* ams.sql(
    "select handler, event_type, rule, error from failed_event where rule <> 'planted' limit 5"
  )
  const open = yield* ams.sql("select handler, attempts, next_attempt_at, history from event_delivery limit 5")
  tally.fault({
    rule: "nothing is left to be done by anybody",
    found: JSON.stringify(left),
    operation: "handlers",
    request: "all that came before",
    answer: short(JSON.stringify([failed, open]))
  })
})

const sourceOf = ({ document, known, today }: Stage, chance: Chance): Source => ({ document, known, today, chance })

/** Bodies that the other tests know to be good. */
const givenAt = ({ chanceOf, house, known }: Stage, operation: Operation): Given => () =>
  files()[operation.id] ??
    good(house, known.some("attendanceId", chanceOf(operation.id)) ?? house.own.sessionId)[operation.id]

const meant = (stage: Stage, operation: Operation, as: Caller, chance: Chance): Meant =>
  documented(sourceOf(stage, chance), operation, as, givenAt(stage, operation))

const asDocumented = Effect.fnUntraced(
  function*(stage: Stage, operation: Operation, name: string, who: ReadonlyArray<Caller>) {
    const chance = stage.chanceOf(`${name} ${operation.id}`)
    for (const as of who) yield* send(stage, written(meant(stage, operation, as, chance), unspoilt, "taken"))
  }
)

/** The same with one mistake in it. Those that must be refused come together, between two looks at every table. */
const againstIt = Effect.fnUntraced(function*(stage: Stage, operation: Operation, each: number) {
  const ams = yield* Ams
  const chance = stage.chanceOf(`against ${operation.id}`)
  const one = meant(stage, operation, stage.welcome.get(operation.id) ?? "manager", chance)
  const all = [...spoilt(one, chance, each), ...(chance.next() < 0.1 ? tooLarge(one) : [])]
  const refused = all.filter(({ expected }) => expected === "refused")

  const look = Effect.gen(function*() {
    const before = yield* ams.footprint
    let taken = 0
    for (const asked of refused) {
      const answer = yield* send(stage, asked)
      if (answer !== undefined && answer.status < 400) taken++
    }
    const after = yield* ams.footprint
    return taken > 0 ? [] : Object.keys(after).filter((name) => after[name] !== before[name])
  })
  // Jobs go on meanwhile: what changes both times is the requests'.
  const changed = (yield* look).length === 0 ? [] : yield* Effect.andThen(quiet(stage), look)
  if (changed.length > 0) {
    stage.tally.fault({
      rule: "a refused request changes nothing",
      found: changed.join(", "),
      operation: operation.id,
      request: `${refused.length} requests that were refused`,
      answer: ""
    })
  }
  return all.filter(({ expected }) => expected !== "refused")
})

/** Methods that an address does not have. */
const strays = (stage: Stage): ReadonlyArray<Asked> =>
  stage.document.operations.flatMap((operation) => {
    const here = stage.document.operations.filter(({ path }) => path === operation.path).map(({ method }) => method)
    const one = meant(stage, operation, "manager", stage.chanceOf(`methods of ${operation.id}`))
    return operation.method === here[0]
      ? ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((method) => !here.includes(method)).map((method) =>
        written(one, "there is no such method", "refused", { method })
      )
      : []
  })

/** What no request makes, and what waits for somebody's decision, which is rare. */
const prepare = Effect.fnUntraced(function*({ house, known }: Stage) {
  const ams = yield* Ams
  const { id: academyId, own } = house
  const ids = { academyId, parentId: own.parent.id, studentId: own.student.id, teacherId: own.teacher.id }
  const { classId, sessionId } = own
  for (const [name, id] of Object.entries({ ...ids, classId, sessionId })) known.learn(name, id)
  for (const name of ["studentId", "parentId", "memberId"]) known.learn(name, house.other.parent.id)
  const leave = { studentId: own.student.id, from: own.date, until: own.date, reason: "flu" }
  known.learn("leaveId", yield* ams.make("/api/v1/leaves", leave, own.parent))
  known.learn("attendanceId", yield* ams.make(`/api/v1/sessions/${sessionId}/attendances`, undefined, own.student))
  for (let n = 0; n < 3; n++) {
    const { eventId, id } = yield* ams.plant(academyId)
    known.learn("failedEventId", id)
    known.learn("eventId", eventId)
    known.learn("messageId", yield* planted({ ...ids, sessionId }, "UNDELIVERED", "no-phone"))
  }
})

const round = Effect.fnUntraced(function*(stage: Stage, each: number) {
  const { document, chanceOf, welcome } = stage
  yield* prepare(stage)
  // From the second time on they know of each other's.
  for (const name of ["first", "second", "third"]) {
    for (const operation of chanceOf(name).shuffled(document.operations)) {
      yield* asDocumented(stage, operation, name, callers)
    }
  }
  for (const operation of document.operations) {
    const [caller = "manager"] = [welcome.get(operation.id)]
    yield* asDocumented(stage, operation, "once more", Array.from({ length: each }, () => caller))
  }
  yield* quiet(stage)
  const odd: Array<Asked> = [...strays(stage)]
  for (const operation of document.operations) odd.push(...yield* againstIt(stage, operation, each))
  for (const asked of odd) yield* send(stage, asked)
  yield* quiet(stage)
  // Whatever came, it lives and answers.
  for (const operation of document.operations) yield* asDocumented(stage, operation, "last", ["manager"])
})

export const fuzz = Effect.fnUntraced(function*(options: Options) {
  const ams = yield* Ams
  const world = yield* World
  const document = read((yield* ams.call("GET", "/openapi.json")).json)
  const tally = tallyOf(document.operations)
  const ends = (yield* Clock.currentTimeMillis) + Duration.toMillis(options.lasts)
  let rounds = 0
  do {
    const n = ++rounds
    yield* round({
      document,
      tally,
      admin: world.admin,
      // With an administrator of its own, who may be logged out by what is asked.
      house: yield* house(yield* ams.admin, `academy ${n}`),
      known: nothingKnown(document.operations),
      chanceOf: (name) => chance(options.seed, `${n} ${name}`),
      today: dateIn(zone, yield* DateTime.now),
      welcome: new Map()
    }, options.each)
  } while ((yield* Clock.currentTimeMillis) < ends)
  return tally.run(options, rounds)
})
