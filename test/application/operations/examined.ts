/** Everything that the doctor looks at, as it should be, but for what a test gives. */
import { Clock, Effect, Layer, Option } from "effect"
import { type Setup } from "../../../src/application/operations/Checks.ts"
import { examine } from "../../../src/application/operations/Doctor.ts"
import { Incarnation } from "../../../src/domain/Ids.ts"
import { template } from "../../../src/domain/NotificationText.ts"
import { type Backlog, DeliveryStore, type Node } from "../../../src/ports/DeliveryStore.ts"
import { Diagnosis } from "../../../src/ports/Diagnosis.ts"
import { FailedEventStore } from "../../../src/ports/FailedEventStore.ts"
import { type JobState, JobStore } from "../../../src/ports/JobStore.ts"
import { type PausedHandler, PausedHandlers } from "../../../src/ports/PausedHandlers.ts"
import { type Account, ProviderAccount } from "../../../src/ports/ProviderAccount.ts"
import { ReadModels, ReadSideUnavailable } from "../../../src/ports/ReadModels.ts"
import { ReadModelSource } from "../../../src/ports/ReadModelSource.ts"
import { type OwnTemplateState, TemplateStates } from "../../../src/ports/TemplateStates.ts"
import { StorageUnavailable } from "../../../src/ports/UnitOfWork.ts"

/** TestClock begins here. */
export const now = new Date(0)
export const at = (seconds: number) => new Date(seconds * 1000)
export const incarnation = Incarnation.make("01998c5e-0000-7000-8000-000000000009")
export const gone = Incarnation.make("01998c5e-0000-7000-8000-000000000008")
export const node: Node = { incarnation, host: "here", pid: 1, startedAt: now, silentSeconds: 1, openCircuits: [] }
export const job: JobState = {
  name: "Prune",
  owner: null,
  nextRunAt: at(3600),
  startedAt: now,
  finishedAt: now,
  error: null,
  failures: 0
}
export const waiting: Backlog = { handler: "SendMessage:SMS", open: 3, postponed: 0, oldestSeconds: 5 }
export const paused: PausedHandler = {
  handler: "SendMessage:SMS",
  reason: "maintenance",
  pausedBy: null,
  pausedAt: now
}

export const production: Setup = {
  environment: "production",
  postgresVersion: "18.4",
  embeddedDatabase: false,
  carriers: { PUSH: "provider", KAKAO_TALK: "provider", SMS: "provider" },
  balanceAlarm: 10_000,
  alerted: true,
  keyInFile: false,
  connections: 31
}

/** Everything is well, but for what is given. */
export interface Given {
  readonly setup?: Partial<Setup>
  readonly lack?: string
  readonly diagnosis?: Partial<Diagnosis["Service"]>
  readonly nodes?: ReadonlyArray<Node>
  readonly backlog?: ReadonlyArray<Backlog>
  readonly paused?: ReadonlyArray<PausedHandler>
  readonly jobs?: ReadonlyArray<JobState>
  readonly failedEvents?: Effect.Effect<number, StorageUnavailable>
  readonly account?: Partial<Account>
  readonly ownTemplates?: ReadonlyArray<OwnTemplateState>
  readonly epoch?: Effect.Effect<Option.Option<string>, ReadSideUnavailable>
}

export const world = (given: Given) =>
  Layer.mergeAll(
    Layer.mock(Diagnosis, {
      missingGrants: Effect.succeed([]),
      notificationsArrive: Effect.succeed(true),
      now: Effect.map(Clock.currentTimeMillis, (millis) => new Date(millis)),
      connections: Effect.succeed({ used: 20, most: 97 }),
      durability: Effect.succeed([
        { name: "fsync", value: "on", source: "default" },
        { name: "synchronous_commit", value: "on", source: "default" }
      ]),
      longTransactions: () => Effect.succeed({ open: [], unseen: 0 }),
      missingPartitions: () => Effect.succeed([]),
      ...given.diagnosis
    }),
    Layer.mock(DeliveryStore, {
      nodes: Effect.succeed(given.nodes ?? [node]),
      backlog: () => Effect.succeed(given.backlog ?? [waiting])
    }),
    Layer.mock(FailedEventStore, { countOpen: () => given.failedEvents ?? Effect.succeed(0) }),
    Layer.mock(JobStore, { list: Effect.succeed(given.jobs ?? [job]) }),
    Layer.mock(PausedHandlers, { list: Effect.succeed(given.paused ?? []) }),
    Layer.succeed(
      ProviderAccount,
      ProviderAccount.of({
        account: Option.some({
          balance: Effect.succeed(10_000),
          templates: { "CHECK_IN/ko": "KA01TP1" },
          template: () => Effect.succeed({ content: template("CHECK_IN", "ko"), status: "APPROVED" }),
          ...given.account
        })
      })
    ),
    Layer.mock(TemplateStates, {
      own: Effect.succeed(given.ownTemplates ?? []),
      systemOff: Effect.succeed({})
    }),
    Layer.mock(ReadModels, { epoch: given.epoch ?? Effect.succeedSome("e") }),
    Layer.mock(ReadModelSource, { epoch: Effect.succeed("e") })
  )

export const examined = (given: Given = {}) =>
  Effect.provide(examine({ ...production, ...given.setup }, given.lack), world(given))

export const wrongOf = Effect.fnUntraced(function*(given: Given) {
  return (yield* examined(given)).filter(({ state }) => state !== "ok")
})
