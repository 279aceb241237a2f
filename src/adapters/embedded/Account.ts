/** PostgreSQL refuses to run as root. So where AMS runs as root, the server runs under another account. */
import { Effect, Option } from "effect"
import { existsSync } from "node:fs"
import { stat } from "node:fs/promises"
import { attempt, type EmbeddedPostgresFailed, failed, ownServer, readText, type ServerAccount } from "./Host.ts"

interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** The accounts of this machine. initdb wants one that stands here, a mere number is not enough for it. */
const users = readText("/etc/passwd").pipe(
  Effect.map((text) =>
    Option.getOrElse(text, () => "").split("\n").flatMap((line): ReadonlyArray<User> => {
      const fields = /^([^:]+):[^:]*:(\d+):(\d+):/.exec(line)
      return fields === null ? [] : [{ name: fields[1] ?? "", uid: Number(fields[2]), gid: Number(fields[3]) }]
    })
  )
)

/**
 * The account that runs the server: AMS's own unless that is root. Under root it is the owner of the data, or of
 * `home` (so that `sudo` in a user's project leaves nothing behind that the user cannot use), or else `nobody`.
 */
export const serverAccount = (home: string, data: string): Effect.Effect<ServerAccount, EmbeddedPostgresFailed> =>
  Effect.gen(function*() {
    if (process.getuid?.() !== 0) return undefined
    if (existsSync(data)) {
      const { uid, gid } = yield* attempt(`look at ${data}`, () => stat(data))
      if (uid !== 0) return { uid, gid }
    }
    const owner = yield* attempt(`look at ${home}`, () => stat(home))
    const known = yield* users
    const user = known.find(({ uid }) => uid !== 0 && uid === owner.uid) ?? known.find(({ name }) => name === "nobody")
    return user === undefined
      ? yield* failed(
        "PostgreSQL refuses to run as root, and /etc/passwd has no user nobody to run it: " +
          `run AMS as an ordinary user, or ${ownServer}`
      )
      : { uid: user.uid, gid: user.gid }
  })
