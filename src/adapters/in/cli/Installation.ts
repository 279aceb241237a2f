/** What the commands need of the installation around the application; `src/cli.ts` knows where it comes from. */
import { Context, Effect } from "effect"
import type { Setup } from "../../../application/operations/Checks.ts"
import type { Failed } from "./Output.ts"

export interface Migration {
  readonly number: number
  readonly name: string
  /** Null when it is still to be applied. */
  readonly appliedAt: Date | null
}

export class Installation extends Context.Service<Installation, {
  /** Its settings, as far as they are looked at. */
  readonly setup: Setup
  /** All migrations in order. Fails when the database has others than this AMS. */
  readonly migrations: Effect.Effect<ReadonlyArray<Migration>, Failed>
  /** Applies what is missing; answers the names. */
  readonly migrate: Effect.Effect<ReadonlyArray<string>, Failed>
}>()("ams/cli/Installation") {}

/** What to tell when migrations are still to be applied; undefined when none is. */
export const lacking = (migrations: ReadonlyArray<Migration>): string | undefined => {
  const pending = migrations.filter(({ appliedAt }) => appliedAt === null)
  if (pending.length === 0) return undefined
  return pending.length === migrations.length
    ? "the database is empty: run ams migrate"
    : `the schema lacks ${pending.map(({ name }) => name).join(", ")}: run ams migrate`
}

/** What the schema lacks, or why that cannot be said; undefined when it is this version's. */
export const lack: Effect.Effect<string | undefined, never, Installation> = Installation.pipe(
  Effect.flatMap(({ migrations }) => Effect.map(migrations, lacking)),
  Effect.catchTag("Failed", ({ message }) => Effect.succeed(message))
)
