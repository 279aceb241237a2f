/** The only composition root: which layer stands behind which port. */
import { NodeCrypto, NodeServices } from "@effect/platform-node"
import { Effect, Layer, Option, type Redacted } from "effect"
import * as LocalEventBus from "./adapters/out/broker/LocalEventBus.ts"
import * as Mongo from "./adapters/out/mongodb/MongoReadModels.ts"
import * as Off from "./adapters/out/notification/Off.ts"
import * as Sandbox from "./adapters/out/notification/Sandbox.ts"
import * as Clients from "./adapters/out/postgres/Clients.ts"
import * as Academies from "./adapters/out/postgres/PostgresAcademyRepository.ts"
import * as Attendances from "./adapters/out/postgres/PostgresAttendanceRepository.ts"
import * as Classes from "./adapters/out/postgres/PostgresClassRepository.ts"
import * as Deliveries from "./adapters/out/postgres/PostgresDeliveryStore.ts"
import * as FailedEvents from "./adapters/out/postgres/PostgresFailedEventStore.ts"
import * as Members from "./adapters/out/postgres/PostgresMemberRepository.ts"
import * as Ledger from "./adapters/out/postgres/PostgresNotificationLedger.ts"
import * as ReadDocuments from "./adapters/out/postgres/PostgresReadModels.ts"
import * as Source from "./adapters/out/postgres/PostgresReadModelSource.ts"
import * as UnitsOfWork from "./adapters/out/postgres/PostgresUnitOfWork.ts"
import * as Passwords from "./adapters/out/security/Argon2Passwords.ts"
import * as Tokens from "./adapters/out/security/JwtTokens.ts"
import { Authorize } from "./application/Authorize.ts"
import { AcademyCommands } from "./application/commands/AcademyCommands.ts"
import { AttendanceCommands } from "./application/commands/AttendanceCommands.ts"
import { AuthCommands } from "./application/commands/AuthCommands.ts"
import { ClassCommands } from "./application/commands/ClassCommands.ts"
import { MemberCommands } from "./application/commands/MemberCommands.ts"
import * as Delivery from "./application/events/Delivery.ts"
import { notifications } from "./application/handlers/Notifications.ts"
import { readModelSync } from "./application/handlers/ReadModelSync.ts"
import { sendMessage } from "./application/handlers/SendMessage.ts"
import { statistics } from "./application/handlers/Statistics.ts"
import { Queries } from "./application/queries/Queries.ts"
import type { Settings } from "./Config.ts"
import { HandlerName } from "./domain/Subscription.ts"

/** What the composition needs besides the settings: the database that was found or started, the key of the tokens. */
export interface Found {
  readonly databaseUrl: Redacted.Redacted
  readonly jwtPrivateKey: Redacted.Redacted
}

const platform = Layer.mergeAll(NodeServices.layer, NodeCrypto.layer)

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
  return Layer.mergeAll(
    Academies.layer,
    Members.layer,
    Classes.layer,
    Attendances.layer,
    UnitsOfWork.layer,
    Deliveries.layer,
    FailedEvents.layer,
    Ledger.layer,
    Source.layer,
    readModels,
    settings.notifications === "sandbox" ? Sandbox.layer : Off.layer,
    Sandbox.layerInbox,
    Passwords.layer,
    Tokens.layer(found.jwtPrivateKey)
  ).pipe(
    Layer.provideMerge(LocalEventBus.layer(settings.role === "api" ? [] : HandlerName.literals)),
    Layer.provideMerge(clients),
    Layer.provideMerge(platform)
  )
}

/** What people may do and see. */
export const useCases = Layer.mergeAll(
  Authorize.layer,
  AuthCommands.layer,
  AcademyCommands.layer,
  MemberCommands.layer,
  ClassCommands.layer,
  AttendanceCommands.layer,
  Queries.layer
)

/** What happens afterwards. */
export const handlers = (settings: Pick<Settings, "role">) =>
  settings.role === "api" ? Layer.empty : Delivery.layer(Effect.all([
    readModelSync,
    statistics,
    // Planning has its own pool, so that it never takes a connection from a command.
    Effect.provide(notifications, UnitsOfWork.layerBackground),
    sendMessage
  ]))
