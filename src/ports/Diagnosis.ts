/** What the database says of itself: for whoever wants to know why AMS is not well, or will not be. */
import { Context, type Duration, type Effect } from "effect"
import type { StorageUnavailable } from "./UnitOfWork.ts"

/** A setting of the server as our sessions have it. */
export interface ServerSetting {
  readonly name: string
  /** As PostgreSQL writes it: `on`, `off`. */
  readonly value: string
  /** Who set it, in PostgreSQL's words: `default`, `configuration file`, `database`, `user`. */
  readonly source: string
}

export interface OpenTransaction {
  /** The session's process; null for a prepared transaction, which has none. */
  readonly pid: number | null
  /** Application or role of the session, or the prepared transaction's name. */
  readonly who: string
  readonly seconds: number
}

export class Diagnosis extends Context.Service<Diagnosis, {
  /** What our role may not do and must, as in `insert on member`; empty when nothing is lacking. */
  readonly missingGrants: Effect.Effect<ReadonlyArray<string>, StorageUnavailable>
  /** Does a notification reach a session that listens? Not behind a pooler that gives sessions to transactions. */
  readonly notificationsArrive: Effect.Effect<boolean, StorageUnavailable>
  /** The database's clock at the moment of asking. */
  readonly now: Effect.Effect<Date, StorageUnavailable>
  /** Sessions of all clients, and how many there may be of roles without privileges. */
  readonly connections: Effect.Effect<{ readonly used: number; readonly most: number }, StorageUnavailable>
  /** What a crash may take with it depends on these: fsync, full_page_writes, synchronous_commit. */
  readonly durability: Effect.Effect<ReadonlyArray<ServerSetting>, StorageUnavailable>
  /** Transactions open for longer, the longest first; `unseen`: sessions whose transactions our role may not see. */
  readonly longTransactions: (
    over: Duration.Duration
  ) => Effect.Effect<
    { readonly open: ReadonlyArray<OpenTransaction>; readonly unseen: number },
    StorageUnavailable
  >
  /** Of so many days (UTC), from today on, those whose events have no place: `YYYY-MM-DD`. */
  readonly missingPartitions: (days: number) => Effect.Effect<ReadonlyArray<string>, StorageUnavailable>
}>()("ams/Diagnosis") {}
