/** The only composition root: which layer stands behind which port. */
import { NodeCrypto, NodeServices } from "@effect/platform-node"
import { Duration, Effect, Layer, Option, type Redacted } from "effect"
import { availableParallelism } from "node:os"
import * as Alerting from "./adapters/out/alerts/Alerts.ts"
import * as LocalEventBus from "./adapters/out/broker/LocalEventBus.ts"
import * as Mongo from "./adapters/out/mongodb/MongoReadModels.ts"
import * as Sandbox from "./adapters/out/notification/Sandbox.ts"
import * as Webhooks from "./adapters/out/notification/Webhooks.ts"
import * as Clients from "./adapters/out/postgres/Clients.ts"
import * as Absences from "./adapters/out/postgres/PostgresAbsenceRepository.ts"
import * as Academies from "./adapters/out/postgres/PostgresAcademyRepository.ts"
import * as Attendances from "./adapters/out/postgres/PostgresAttendanceRepository.ts"
import * as Audit from "./adapters/out/postgres/PostgresAuditTrail.ts"
import * as ChangesByNotify from "./adapters/out/postgres/PostgresChanges.ts"
import * as ChannelTable from "./adapters/out/postgres/PostgresChannelRepository.ts"
import * as Classes from "./adapters/out/postgres/PostgresClassRepository.ts"
import * as Closings from "./adapters/out/postgres/PostgresClosingRepository.ts"
import * as DeliveryTable from "./adapters/out/postgres/PostgresDeliveryStore.ts"
import * as Diagnosis from "./adapters/out/postgres/PostgresDiagnosis.ts"
import * as Enrollments from "./adapters/out/postgres/PostgresEnrollmentRepository.ts"
import * as Erasures from "./adapters/out/postgres/PostgresErasure.ts"
import * as Stories from "./adapters/out/postgres/PostgresEventStory.ts"
import * as FailedEvents from "./adapters/out/postgres/PostgresFailedEventStore.ts"
import * as KeyedRequests from "./adapters/out/postgres/PostgresIdempotency.ts"
import * as Imports from "./adapters/out/postgres/PostgresImportRepository.ts"
import * as JobLeases from "./adapters/out/postgres/PostgresJobStore.ts"
import * as Leaves from "./adapters/out/postgres/PostgresLeaveRepository.ts"
import * as Logins from "./adapters/out/postgres/PostgresLoginSessions.ts"
import * as OwnNotifications from "./adapters/out/postgres/PostgresMemberNotifications.ts"
import * as Members from "./adapters/out/postgres/PostgresMemberRepository.ts"
import * as Measures from "./adapters/out/postgres/PostgresMessageMeasures.ts"
import * as History from "./adapters/out/postgres/PostgresNotificationHistory.ts"
import * as Ledger from "./adapters/out/postgres/PostgresNotificationLedger.ts"
import * as Paused from "./adapters/out/postgres/PostgresPausedHandlers.ts"
import * as Verifications from "./adapters/out/postgres/PostgresPhoneVerifications.ts"
import * as Devices from "./adapters/out/postgres/PostgresPushTargetRepository.ts"
import * as Rates from "./adapters/out/postgres/PostgresRateLimits.ts"
import * as ReadDocuments from "./adapters/out/postgres/PostgresReadModels.ts"
import * as Source from "./adapters/out/postgres/PostgresReadModelSource.ts"
import * as Resends from "./adapters/out/postgres/PostgresResends.ts"
import * as Retention from "./adapters/out/postgres/PostgresRetention.ts"
import * as Senders from "./adapters/out/postgres/PostgresSenders.ts"
import * as Templates from "./adapters/out/postgres/PostgresTemplateStates.ts"
import * as Timetables from "./adapters/out/postgres/PostgresTimetableRepository.ts"
import * as UnitsOfWork from "./adapters/out/postgres/PostgresUnitOfWork.ts"
import * as Seals from "./adapters/out/security/AesSeals.ts"
import * as Passwords from "./adapters/out/security/Argon2Passwords.ts"
import * as Tokens from "./adapters/out/security/JwtTokens.ts"
import * as SmsCodes from "./adapters/out/verification/SmsCodes.ts"
import * as ThreadPool from "./adapters/workers/ThreadPool.ts"
import { Authorize } from "./application/Authorize.ts"
import { AcademyCommands } from "./application/commands/AcademyCommands.ts"
import { AccountCommands } from "./application/commands/AccountCommands.ts"
import { AttendanceCommands } from "./application/commands/AttendanceCommands.ts"
import { AuthCommands } from "./application/commands/AuthCommands.ts"
import { ChannelCommands } from "./application/commands/ChannelCommands.ts"
import { ClassCommands } from "./application/commands/ClassCommands.ts"
import { EnrollmentCommands } from "./application/commands/EnrollmentCommands.ts"
import { ImportCommands } from "./application/commands/ImportCommands.ts"
import { LeaveCommands } from "./application/commands/LeaveCommands.ts"
import { MemberCommands } from "./application/commands/MemberCommands.ts"
import { MemberNotificationCommands } from "./application/commands/MemberNotificationCommands.ts"
import { PhoneVerificationCommands } from "./application/commands/PhoneVerificationCommands.ts"
import { SessionCommands } from "./application/commands/SessionCommands.ts"
import { SignUpCommands } from "./application/commands/SignUpCommands.ts"
import * as Delivery from "./application/events/Delivery.ts"
import { notifications } from "./application/handlers/Notifications.ts"
import { readModelSync } from "./application/handlers/ReadModelSync.ts"
import { sendMessage } from "./application/handlers/SendMessage.ts"
import * as SpendCap from "./application/handlers/SpendCap.ts"
import { statistics } from "./application/handlers/Statistics.ts"
import { checkBalance, checkTemplates } from "./application/jobs/CheckProvider.ts"
import { closeSessions } from "./application/jobs/CloseSessions.ts"
import { detectMissing } from "./application/jobs/DetectMissing.ts"
import { eraseMembers } from "./application/jobs/EraseMembers.ts"
import * as Jobs from "./application/jobs/Jobs.ts"
import { emptyDeliveries, makePartitions, prune } from "./application/jobs/KeepSmall.ts"
import { planSessions } from "./application/jobs/PlanSessions.ts"
import { redriveFailed, stepRuns } from "./application/jobs/Redrive.ts"
import { tendMessages } from "./application/jobs/TendMessages.ts"
import { gauges, watchBacklog } from "./application/jobs/Watch.ts"
import { watchMessages } from "./application/jobs/WatchMessages.ts"
import { Absences as AbsenceUseCases } from "./application/operations/Absences.ts"
import { Audits } from "./application/operations/Audits.ts"
import { Deliveries } from "./application/operations/Deliveries.ts"
import { Erasures as ErasureUseCases } from "./application/operations/Erasures.ts"
import { Events } from "./application/operations/Events.ts"
import { FailedEventRuns } from "./application/operations/FailedEventRuns.ts"
import { FailedEvents as FailedEventUseCases } from "./application/operations/FailedEvents.ts"
import { Handlers } from "./application/operations/Handlers.ts"
import { Notifications as NotificationUseCases } from "./application/operations/Notifications.ts"
import { TestMessage } from "./application/operations/TestMessage.ts"
import { AcademyQueries } from "./application/queries/AcademyQueries.ts"
import { ChannelQueries } from "./application/queries/ChannelQueries.ts"
import { EnrollmentQueries } from "./application/queries/EnrollmentQueries.ts"
import { Exports } from "./application/queries/Exports.ts"
import { LeaveQueries } from "./application/queries/LeaveQueries.ts"
import { LoginQueries } from "./application/queries/LoginQueries.ts"
import { MemberNotificationQueries } from "./application/queries/MemberNotificationQueries.ts"
import { Queries } from "./application/queries/Queries.ts"
import { SessionQueries } from "./application/queries/SessionQueries.ts"
import { StatisticsQueries } from "./application/queries/StatisticsQueries.ts"
import { Receipts } from "./application/Receipts.ts"
import * as Channels from "./Channels.ts"
import type { Settings } from "./Config.ts"
import { NotificationPort } from "./ports/NotificationPort.ts"

/** What the composition needs besides the settings: the database that was found or started, the key of the tokens. */
export interface Found {
  readonly databaseUrl: Redacted.Redacted
  readonly jwtPrivateKey: Redacted.Redacted
}

const platform = Layer.mergeAll(NodeServices.layer, NodeCrypto.layer)

/** Needs nothing of the rest, which may be what an alert is about. */
export const alerts = (
  settings: Pick<Settings, "alertSlackUrl" | "alertWebhookUrl" | "alertWebhookSecret">
) =>
  Alerting.layer({
    slackUrl: settings.alertSlackUrl,
    webhookUrl: settings.alertWebhookUrl,
    webhookSecret: settings.alertWebhookSecret
  })

/** CPU-bound work beside the thread that answers; a thread is started when the first task needs it. */
export const cpuPool = (settings: Pick<Settings, "workers">) =>
  ThreadPool.layer({
    threads: Option.getOrElse(settings.workers, () => Math.max(1, availableParallelism() - 1)),
    mayWait: 32,
    timeLimit: Duration.seconds(30)
  })

/**
 * Looks at passwords on threads of its own, so that a rush at four o'clock waits for no file, and no file for it. Each one
 * takes a core and 19 MiB; with 50 who wait the last one does so for about 2 s on idle cores.
 */
const passwords = (settings: Pick<Settings, "argon2Memory" | "argon2Passes">) =>
  Passwords.layer({ memory: settings.argon2Memory, passes: settings.argon2Passes }).pipe(
    Layer.provide(ThreadPool.layer({
      threads: 2,
      mayWait: 50,
      timeLimit: Duration.seconds(20),
      entry: ThreadPool.hashing
    }))
  )

/** All ports. */
export const ports = (settings: Settings, found: Found) => {
  const clients = Clients.layer({
    url: found.databaseUrl,
    commandConnections: settings.commandConnections,
    backgroundConnections: settings.backgroundConnections,
    otherConnections: settings.otherConnections
  })
  const readModels = Option.match(settings.mongodbUrl, {
    onNone: () => ReadDocuments.layer,
    onSome: (url) => Mongo.layer({ url, database: settings.mongodbDatabase })
  })
  const names = Channels.handlerNames(settings)
  const notifications = Channels.layer(settings).pipe(
    Layer.provide(Layer.merge(Seals.layer(settings.credentialsKey), Devices.layer))
  )
  return Layer.mergeAll(
    Academies.layer,
    Members.layer,
    Imports.layer,
    Classes.layer,
    Timetables.layer,
    Enrollments.layer,
    Audit.layer,
    Attendances.layer,
    Absences.layer,
    Leaves.layer,
    Closings.layer,
    UnitsOfWork.layer,
    DeliveryTable.layer,
    Diagnosis.layer,
    Stories.layer,
    FailedEvents.layer,
    Paused.layer,
    JobLeases.layer,
    KeyedRequests.layer,
    Retention.layer,
    Ledger.layer,
    Measures.layer,
    Templates.layer,
    History.layer,
    Resends.layer,
    Senders.layer,
    Source.layer,
    ChangesByNotify.layer,
    readModels,
    cpuPool(settings),
    notifications,
    SmsCodes.layer(found.jwtPrivateKey).pipe(Layer.provide(Layer.merge(notifications, Senders.layer))),
    Seals.layer(settings.credentialsKey),
    Devices.layer,
    Webhooks.layer(settings),
    Sandbox.layerInbox,
    alerts(settings),
    passwords(settings),
    Logins.layer,
    Verifications.layer,
    Erasures.layer,
    Rates.layer(
      {
        member: settings.memberRate,
        address: settings.addressRate,
        codes: { address: settings.codesPerAddress, academy: settings.codesPerAcademy, all: settings.codesPerDay }
      },
      found.jwtPrivateKey
    ),
    Tokens.layer(found.jwtPrivateKey),
    OwnNotifications.layer,
    ChannelTable.layer
  ).pipe(
    Layer.provideMerge(LocalEventBus.layer(settings.role === "api" ? [] : names)),
    Layer.provideMerge(clients),
    Layer.provideMerge(platform)
  )
}

/** What people may do and see. */
export const useCases = Layer.mergeAll(
  Authorize.layer,
  AuthCommands.layer,
  PhoneVerificationCommands.layer,
  SignUpCommands.layer,
  AccountCommands.layer,
  LoginQueries.layer,
  AcademyCommands.layer,
  MemberCommands.layer,
  ImportCommands.layer,
  ClassCommands.layer,
  SessionCommands.layer,
  EnrollmentCommands.layer,
  AttendanceCommands.layer,
  LeaveCommands.layer,
  Queries.layer,
  AcademyQueries.layer,
  Layer.provide(Exports.layer, SessionQueries.layer),
  EnrollmentQueries.layer,
  LeaveQueries.layer,
  SessionQueries.layer,
  StatisticsQueries.layer,
  Deliveries.layer,
  Events.layer,
  AbsenceUseCases.layer,
  Handlers.layer,
  FailedEventUseCases.layer,
  FailedEventRuns.layer,
  MemberNotificationCommands.layer,
  MemberNotificationQueries.layer,
  ChannelCommands.layer,
  ChannelQueries.layer,
  Layer.provide(Receipts.layer, UnitsOfWork.layerBackground),
  NotificationUseCases.layer,
  ErasureUseCases.layer,
  Audits.layer,
  TestMessage.layer
)

/** What happens afterwards. */
export const handlers = (settings: Pick<Settings, "dailySpendCap" | "role">) =>
  settings.role === "api" ? Delivery.layerAnnouncing : Delivery.layer(Effect.gen(function*() {
    const { ways } = yield* NotificationPort
    return yield* Effect.all([
      readModelSync,
      statistics,
      // Planning and sending have a pool of their own, so that they never take a connection from a command.
      Effect.provide(notifications, UnitsOfWork.layerBackground),
      ...ways.map(({ channel }) => Effect.provide(sendMessage(channel), UnitsOfWork.layerBackground))
    ])
  })).pipe(Layer.provide(Option.match(settings.dailySpendCap, { onNone: () => Layer.empty, onSome: SpendCap.layer })))

/** For jobs that write often. */
export const background = Layer.merge(UnitsOfWork.layerBackground, Attendances.layerBackground)

/** What happens by the clock, on one process at a time; and the gauges, in every one. */
export const jobs = (
  settings: Pick<Settings, "balanceAlarm" | "role" | "eventRetentionDays" | "memberRetentionDays">
) =>
  settings.role === "api" ? Layer.effectDiscard(gauges) : Layer.merge(
    Layer.effectDiscard(gauges),
    Jobs.layer(Effect.all([
      redriveFailed,
      stepRuns,
      watchBacklog,
      watchMessages,
      // As planning messages does: no connection of a command's.
      Effect.provide(detectMissing, background),
      Effect.provide(closeSessions, background),
      planSessions,
      Effect.provide(tendMessages, Layer.provide(Receipts.layer, UnitsOfWork.layerBackground)),
      checkBalance(settings.balanceAlarm),
      checkTemplates,
      makePartitions,
      emptyDeliveries,
      prune(Duration.days(settings.eventRetentionDays)),
      ...Option.toArray(Option.map(settings.memberRetentionDays, (days) => eraseMembers(Duration.days(days))))
    ]))
  )
