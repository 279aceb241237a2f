/** Where the data lie, who may read them, and how they are made on the first start. */
import { Effect, Option, Redacted } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import {
  chmod,
  lchown,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile
} from "node:fs/promises"
import { dirname, join } from "node:path"
import type { Binaries } from "./Binaries.ts"
import {
  type Account,
  attempt,
  canEnter,
  type EmbeddedPostgresFailed,
  failed,
  give,
  hasCode,
  ownServer,
  readText,
  run,
  type ServerAccount,
  tellingLine
} from "./Host.ts"

/** Where root puts data and programs that the server's account cannot reach in their own place. */
export const elsewhere = "/var/lib/ams"

/** The database's superuser, as whom AMS connects. */
export const superuser = "ams"

/** The path of `home`'s data, whether they exist yet or not: `home`/postgres, or where that link points. */
export const locate = (home: string): Effect.Effect<string, EmbeddedPostgresFailed> => {
  const path = join(home, "postgres")
  return attempt(`look at ${path}`, () =>
    readlink(path).catch((cause: unknown) => {
      if (hasCode(cause, "ENOENT") || hasCode(cause, "EINVAL")) return path
      throw cause
    }))
}

/**
 * A folder for new data that the account can reach when it cannot reach `home`, with a link to it in `home`.
 * It is a new one each time: whoever deleted `home` wants to begin anew, and must not get the old data back.
 */
const placeElsewhere = Effect.fn("DataFolder.placeElsewhere")(function*(home: string) {
  const name = createHash("sha256").update(home).digest("hex").slice(0, 16)
  return yield* attempt(`make a folder in ${elsewhere}`, async () => {
    await mkdir(elsewhere, { recursive: true })
    await chmod(elsewhere, 0o755)
    const folder = await mkdtemp(join(elsewhere, `${name}-`))
    await chmod(folder, 0o755)
    await symlink(join(folder, "postgres"), join(home, "postgres"))
    return join(folder, "postgres")
  })
})

/** Data that were put back as root (a backup) belong to root, and PostgreSQL takes only what belongs to its user. */
const adopt = (data: string, account: Account) =>
  attempt(`give ${data} to uid ${account.uid}`, async () => {
    if ((await stat(data)).uid === account.uid) return
    const entries = await readdir(data, { recursive: true, withFileTypes: true })
    for (const entry of entries) await lchown(join(entry.parentPath, entry.name), account.uid, account.gid)
    await lchown(data, account.uid, account.gid)
  })

/** Where the data are or shall be such that the account reaches them. */
const place = Effect.fn("DataFolder.place")(function*(home: string, located: string, account: Account) {
  const link = join(home, "postgres")
  if (!existsSync(dirname(located))) {
    return yield* failed(`${link} points to ${located}, which is gone: put it back, or remove the link to begin anew`)
  }
  if (yield* canEnter(dirname(located), account)) {
    if (existsSync(located)) yield* adopt(located, account)
    return located
  }
  if (located === link && !existsSync(located)) return yield* placeElsewhere(home)
  return yield* failed(
    `uid ${account.uid}, which runs PostgreSQL since AMS runs as root, cannot reach ${located}: ` +
      `open the folders above it with chmod o+x, or ${ownServer}`
  )
})

/** Makes the data in a folder beside the final one, since an initdb that was ended half-way must not count as data. */
const create = Effect.fn("DataFolder.create")(
  function*(data: string, password: string, binaries: Binaries, account: ServerAccount) {
    const fresh = `${data}.new`
    const passwordFile = `${data}.new-password`
    const clear = Effect.promise(async () => {
      await rm(fresh, { recursive: true, force: true })
      await rm(passwordFile, { force: true })
    })
    yield* Effect.gen(function*() {
      yield* clear
      yield* attempt(`make ${fresh}`, async () => {
        await mkdir(fresh, { mode: 0o700 })
        await writeFile(passwordFile, password, { mode: 0o600, flag: "wx" })
      })
      yield* give(fresh, account)
      yield* give(passwordFile, account)
      // The builtin locale: code point order with Unicode's case rules, the same on every system, so that no upgrade
      // of the system's libraries makes indexes wrong.
      const { code, output } = yield* run(binaries.initdb, [
        `--pgdata=${fresh}`,
        `--username=${superuser}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions"
      ], account)
      if (code !== 0) {
        return yield* failed(
          `AMS cannot make its database in ${data} (${tellingLine(output)}): correct this, or ${ownServer}`
        )
      }
      yield* attempt(`move the new database to ${data}`, () => rename(fresh, data))
    }).pipe(Effect.ensuring(clear))
  }
)

/** Data that are ready for a server: their path and the superuser's password. */
export interface DataFolder {
  readonly data: string
  readonly password: Redacted.Redacted
}

/**
 * The data of `home`, made when there are none.
 * Fails when they were made by another major version, their password is lost, or the account cannot reach them.
 */
export const open = Effect.fn("DataFolder.open")(
  function*(home: string, located: string, binaries: Binaries, account: ServerAccount) {
    const passwordFile = join(home, "postgres.password")
    const data = account === undefined ? located : yield* place(home, located, account)
    const made = yield* readText(join(data, "PG_VERSION"))
    if (Option.isNone(made)) {
      const password = randomBytes(32).toString("base64url")
      yield* attempt(`write ${passwordFile}`, async () => {
        await rm(passwordFile, { force: true })
        await writeFile(passwordFile, password, { mode: 0o600, flag: "wx" })
      })
      yield* give(passwordFile, account)
      yield* create(data, password, binaries, account)
      return { data, password: Redacted.make(password) } satisfies DataFolder
    }
    const version = made.value.trim()
    if (version !== binaries.major) {
      return yield* failed(
        `${data} was made by PostgreSQL ${version}, and AMS brings version ${binaries.major}: ` +
          `move the folder away to begin anew, or run PostgreSQL ${version} on it and set DATABASE_URL`
      )
    }
    const password = Option.getOrElse(yield* readText(passwordFile), () => "").trim()
    if (password === "") {
      return yield* failed(
        `${passwordFile} is missing, the password of the database in ${data}: ` +
          "put it back, or move both away to begin with an empty database"
      )
    }
    return { data, password: Redacted.make(password) } satisfies DataFolder
  }
)
