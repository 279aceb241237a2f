/**
 * One living AMS at a time holds its folder.
 *
 * The lock is an exclusive transaction on an SQLite file of no content: a lock of the kernel's, on Linux and macOS
 * alike, which goes with the process however that ends. So there is no stale lock to judge by pids that may have been
 * given to other processes, also not between containers with pids of their own, and of two that start at once exactly
 * one gets it. Node itself offers no other lock of the kernel's.
 */
import { Data, Effect, Option, Predicate, Schedule, type Scope } from "effect"
import { chownSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { EmbeddedPostgresFailed, failed, ownServer, readText, reason, type ServerAccount } from "./Host.ts"

/** SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy */
const busy = 5

class NotLocked extends Data.TaggedError("NotLocked")<{ readonly cause: unknown }> {}

const take = (home: string, account: ServerAccount): DatabaseSync => {
  const path = join(home, "ams.lock")
  const file = new DatabaseSync(path, { timeout: 0 })
  try {
    file.exec("BEGIN EXCLUSIVE")
    // For the message that another AMS shows; the lock does not depend on it.
    writeFileSync(join(home, "ams.pid"), String(process.pid))
    if (account !== undefined) {
      chownSync(path, account.uid, account.gid)
      chownSync(join(home, "ams.pid"), account.uid, account.gid)
    }
    return file
  } catch (cause) {
    file.close()
    throw cause
  }
}

/** The pid that the holder of the lock left. It writes it just after it got the lock, hence the short wait. */
const holder = (home: string): Effect.Effect<string, EmbeddedPostgresFailed> =>
  readText(join(home, "ams.pid")).pipe(
    Effect.map((text) => Option.filter(text, (pid) => /^\d+$/.test(pid))),
    Effect.repeat({ schedule: Schedule.spaced("50 millis").pipe(Schedule.upTo({ times: 10 })), until: Option.isSome }),
    Effect.map((pid) => Option.isSome(pid) ? `AMS with pid ${pid.value}` : "another AMS")
  )

/**
 * Holds the folder until the scope closes.
 * Fails at once when another living AMS, of this process or another one, holds it; the message names its pid.
 */
export const hold = (home: string, account: ServerAccount): Effect.Effect<void, EmbeddedPostgresFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({ try: () => take(home, account), catch: (cause) => new NotLocked({ cause }) }).pipe(
      Effect.catchTag("NotLocked", ({ cause }) =>
        Predicate.hasProperty(cause, "errcode") && cause.errcode === busy
          ? Effect.flatMap(holder(home), (who) =>
            Effect.fail(
              new EmbeddedPostgresFailed({
                message: `${who} already uses ${home}: stop it, or set AMS_HOME to another folder`,
                held: true
              })
            ))
          : Effect.fail(failed(
            `AMS cannot lock ${join(home, "ams.lock")} (${reason(cause)}): set AMS_HOME to a folder on a local disk ` +
              `that AMS may write, or ${ownServer}`
          )))
    ),
    (file) =>
      Effect.sync(() => {
        rmSync(join(home, "ams.pid"), { force: true })
        file.close()
      })
  ).pipe(Effect.asVoid)
