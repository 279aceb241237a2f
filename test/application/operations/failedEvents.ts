/** Failed events and runs of two academies behind a store that answers by hand, and writes down what it is asked. */
import { DateTime, Effect, Layer, Option, Struct } from "effect"
import { SecureRandom } from "effect/crypto"
import { CurrentActor } from "../../../src/application/Authorize.ts"
import { FailedEventRuns } from "../../../src/application/operations/FailedEventRuns.ts"
import { FailedEvents } from "../../../src/application/operations/FailedEvents.ts"
import { CurrentOperator } from "../../../src/application/operations/Operator.ts"
import { AcademyId, EventId, FailedEventId, FailedEventRunId, MemberId } from "../../../src/domain/Ids.ts"
import type { Actor, Role } from "../../../src/domain/Permission.ts"
import { DeliveryStore } from "../../../src/ports/DeliveryStore.ts"
import { type FailedEvent, type FailedEventRun, FailedEventStore } from "../../../src/ports/FailedEventStore.ts"
import * as MemoryDeliveryStore from "../../support/MemoryDeliveryStore.ts"

const id = (n: number) => `01998c5e-0000-7000-8000-${String(n).padStart(12, "0")}`
const at = DateTime.makeUnsafe("2026-11-22T09:00:00Z")
export const ours = AcademyId.make(id(1))
export const theirs = AcademyId.make(id(2))
export const me = MemberId.make(id(3))

const event = (n: number, academyId: AcademyId | null, status: FailedEvent["status"] = "OPEN"): FailedEvent => ({
  id: FailedEventId.make(id(n)),
  eventId: EventId.make(id(n)),
  eventType: "MessagePlanned",
  handler: "SendMessage:SMS",
  academyId,
  class: "permanent",
  rule: "http-400",
  error: "refused",
  fingerprint: "SendMessage:http-400",
  attempts: [],
  firstFailedAt: at,
  lastFailedAt: at,
  status,
  replays: 0,
  redrives: 0,
  nextRedriveAt: null,
  reason: null,
  traceparent: null
})
export const our = event(11, ours)
export const their = event(12, theirs)
export const done = event(13, ours, "RESOLVED")
export const system = event(14, null)

const run = (n: number, academyId: AcademyId | null, status: FailedEventRun["status"] = "RUNNING"): FailedEventRun => ({
  id: FailedEventRunId.make(id(n)),
  action: "REPLAY",
  filter: { academyId },
  reason: null,
  rate: 50,
  status,
  total: 3,
  done: 1,
  skipped: 0,
  createdAt: at,
  finishedAt: status === "RUNNING" ? null : at
})
export const ourRun = run(21, ours)
export const theirRun = run(22, theirs)
export const endedRun = run(23, ours, "DONE")
export const everyonesRun = run(24, null)

/** A call of the store that changes something, or that narrows what is seen. */
export type Call = readonly [method: string, ...args: ReadonlyArray<unknown>]

/** What is asked of the use cases, by this operator; and what the store was asked for then. */
export const asked = Effect.fnUntraced(function*<A, E>(
  operator: CurrentOperator["Service"],
  work: Effect.Effect<A, E, FailedEvents | FailedEventRuns | CurrentOperator>
) {
  const calls: Array<Call> = []
  const seen = (academyId: AcademyId | null) =>
    [our, their, done, system].filter((one) => academyId === null || one.academyId === academyId)
  const runsSeen = (academyId: AcademyId | null) =>
    [ourRun, theirRun, endedRun, everyonesRun].filter((one) => academyId === null || one.filter.academyId === academyId)
  /** Noted; true where it is found and may be changed. */
  const changed = (found: { readonly status: string } | undefined, status: string, ...call: Call) =>
    Effect.sync(() => {
      calls.push(call)
      return found?.status === status
    })
  const open = (academyId: AcademyId | null, id: FailedEventId) => seen(academyId).find((one) => one.id === id)
  const store = FailedEventStore.of({
    list: (filter, page) =>
      Effect.sync(() => {
        calls.push(["list", filter, page])
        return seen(filter.academyId).slice(0, page.limit)
      }),
    find: (academyId, id) => Effect.sync(() => Option.fromUndefinedOr(open(academyId, id))),
    groups: (filter) => Effect.sync(() => (calls.push(["groups", filter]), [])),
    preview: (filter) =>
      Effect.sync(() => {
        calls.push(["preview", filter])
        return { open: 41, expired: 2, replaying: 0, done: 3 }
      }),
    replay: (by, id) => changed(open(by.academyId, id), "OPEN", "replay", by, id),
    discard: (by, id, reason) => changed(open(by.academyId, id), "OPEN", "discard", by, id, reason),
    startRun: (by, run) =>
      Effect.sync(() => {
        calls.push(["startRun", by, Struct.omit(run, ["id"])])
        return ourRun
      }),
    findRun: (academyId, id) =>
      Effect.sync(() => Option.fromUndefinedOr(runsSeen(academyId).find((one) => one.id === id))),
    runs: (academyId, page) => Effect.sync(() => runsSeen(academyId).slice(0, page.limit)),
    abortRun: (by, id) => changed(runsSeen(by.academyId).find((one) => one.id === id), "RUNNING", "abortRun", by, id),
    stepRuns: Effect.succeed(0),
    redrive: () => Effect.succeed(0),
    redriveSoon: () => Effect.void,
    countOpen: () => Effect.succeed(0)
  })
  const announcing = Layer.effect(
    DeliveryStore,
    Effect.map(
      DeliveryStore,
      (deliveries) => DeliveryStore.of({ ...deliveries, announce: Effect.sync(() => void calls.push(["announce"])) })
    )
  ).pipe(Layer.provide(MemoryDeliveryStore.layer))
  const useCases = Layer.merge(FailedEvents.layer, FailedEventRuns.layer).pipe(
    Layer.provide([Layer.succeed(FailedEventStore, store), announcing, SecureRandom.layerWebCrypto])
  )
  const result = yield* work.pipe(Effect.provide(useCases), Effect.provideService(CurrentOperator, operator))
  return { result, calls }
})

const actor = (role: Role, academyId: AcademyId | null): Actor => ({
  memberId: me,
  academyId,
  roles: [role],
  children: []
})
export const as = (role: Role, academyId: AcademyId | null) =>
  Effect.provideService(CurrentOperator.asMember, CurrentActor, actor(role, academyId))

/** Why it was refused. */
export const refusal = <A, E extends { readonly _tag: string }, R>(work: Effect.Effect<A, E, R>) =>
  Effect.match(work, { onSuccess: () => "not refused", onFailure: ({ _tag }): string => _tag })
