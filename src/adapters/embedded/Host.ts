/**
 * What the embedded PostgreSQL needs from the machine: files, short-lived commands, accounts, and a look at processes.
 */
import { Data, Effect, Option, Predicate } from "effect"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { chown, readFile } from "node:fs/promises"

/** AMS's own PostgreSQL cannot be had. `message` is one line that tells the reader what is wrong and what to do. */
export class EmbeddedPostgresFailed extends Data.TaggedError("EmbeddedPostgresFailed")<{
  readonly message: string
  /** Another living AMS holds the folder. */
  readonly held?: true
}> {}

/** The end of a message for which there is no closer advice. */
export const ownServer = "set DATABASE_URL to a PostgreSQL server of your own"

/** A failure whose message is `text` on one line. */
export const failed = (text: string): EmbeddedPostgresFailed =>
  new EmbeddedPostgresFailed({ message: text.trim().replace(/\s*\n\s*/g, " ") })

/** The text of something thrown by Node. */
export const reason = (cause: unknown): string => Predicate.isError(cause) ? cause.message : String(cause)

/** A file operation; fails with "AMS cannot `what`: …". */
export const attempt = <A>(what: string, operation: () => Promise<A>): Effect.Effect<A, EmbeddedPostgresFailed> =>
  Effect.tryPromise({
    try: operation,
    catch: (cause) =>
      failed(`AMS cannot ${what} (${reason(cause)}): set AMS_HOME to a folder that AMS may write, or ${ownServer}`)
  })

/** Does the cause carry this code of the operating system, such as `ENOENT`? */
export const hasCode = (cause: unknown, code: string): boolean =>
  Predicate.hasProperty(cause, "code") && cause.code === code

/** A file's text; `none` when there is no such file. Any other obstacle is a failure. */
export const readText = (path: string): Effect.Effect<Option.Option<string>, EmbeddedPostgresFailed> =>
  attempt(`read ${path}`, () =>
    readFile(path, "utf8").then(Option.some, (cause: unknown) => {
      if (hasCode(cause, "ENOENT")) return Option.none()
      throw cause
    }))

/** The user and group that run the server. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** Another account than AMS's own, or `undefined` when the server runs as the user that AMS runs as. */
export type ServerAccount = Account | undefined

/** Gives a file or folder to the account that runs the server, when that is another one. */
export const give = (path: string, account: ServerAccount): Effect.Effect<void, EmbeddedPostgresFailed> =>
  account === undefined
    ? Effect.void
    : attempt(`give ${path} to uid ${account.uid}`, () => chown(path, account.uid, account.gid))

/**
 * How every process of ours is started. The folder is `/` since AMS's own may be closed to the account; the environment
 * holds nothing of the caller's, so that no `PGPORT` or `LC_MESSAGES` changes what PostgreSQL does or says.
 */
export const asAccount = (account: ServerAccount) => ({
  ...account,
  cwd: "/",
  env: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" }
})

/** What a short-lived command answered: its exit code (`null` when a signal ended it) and all it printed. */
export interface Answer {
  readonly code: number | null
  readonly output: string
}

/** Runs a command to its end; interruption ends it. Fails only when it cannot be started at all. */
export const run = (
  command: string,
  args: ReadonlyArray<string>,
  account: ServerAccount
): Effect.Effect<Answer, EmbeddedPostgresFailed> =>
  Effect.callback((resume) => {
    const child = spawn(command, args, { ...asAccount(account), stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    const collect = (chunk: string) => {
      output += chunk
    }
    child.stdout.setEncoding("utf8").on("data", collect)
    child.stderr.setEncoding("utf8").on("data", collect)
    child.once("error", (cause) =>
      resume(Effect.fail(failed(`AMS cannot run ${command} (${cause.message}): ${ownServer}`))))
    child.once("close", (code) =>
      resume(Effect.succeed({ code, output })))
    return Effect.sync(() => child.kill())
  })

/** May the account go into the folder? The kernel is asked, since mode bits alone do not tell (ACLs, mounts). */
export const canEnter = (folder: string, account: Account): Effect.Effect<boolean, EmbeddedPostgresFailed> =>
  run("/bin/sh", ["-c", "cd \"$1\"", "sh", folder], account).pipe(Effect.map(({ code }) => code === 0))

/** The command line of a living process, its arguments parted by single spaces; empty when there is no such process. */
export const commandLine = (pid: number): Effect.Effect<string, EmbeddedPostgresFailed> =>
  existsSync("/proc/self/cmdline")
    // A process may end between opening and reading the file, which gives another error than a missing file.
    ? Effect.promise(() => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).pipe(
      Effect.map((line) => line.replaceAll("\0", " "))
    )
    : run("/bin/ps", ["-ww", "-o", "command=", "-p", String(pid)], undefined).pipe(
      Effect.map(({ output }) => `${output.trim()} `)
    )

/**
 * The line of a command's or a server's output that says what went wrong: the last severe one, else the last one.
 * Refusals of single connections during start and stop are severe in name only.
 */
export const tellingLine = (output: string): string => {
  const lines = output.split("\n")
    .map((line) => line.replace(/^\d{4}-\d\d-\d\d \S+ \S+ \[\d+\] /, "").trim())
    .filter((line) => line !== "" && !/FATAL: +the database system is/.test(line))
  return lines.findLast((line) => /\b(FATAL|PANIC|error)\b/.test(line)) ?? lines.at(-1) ?? "it printed nothing"
}
