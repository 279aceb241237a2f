import { Effect, type Layer } from "effect"
import { Command, Flag } from "effect/cli"
import { Installation } from "./Installation.ts"
import { answer, instant, table } from "./Output.ts"

const handle = Effect.fnUntraced(function*(input: { readonly status: boolean }) {
  const { migrate, migrations } = yield* Installation
  if (input.status) {
    const all = yield* migrations
    return yield* answer(all, () =>
      table(all, [
        { title: "NUMBER", value: ({ number }) => number, align: "right" },
        { title: "NAME", value: ({ name }) => name },
        { title: "APPLIED AT", value: ({ appliedAt }) => (appliedAt === null ? "not yet" : instant(appliedAt)) }
      ]))
  }
  const applied = yield* migrate
  yield* answer(
    { applied },
    () => (applied.length === 0 ? "The schema is up to date." : applied.map((name) => `applied ${name}`).join("\n"))
  )
})

/** `ams migrate`, `ams migrate --status` */
export const migrate = <E, R>(installation: Layer.Layer<Installation, E, R>) =>
  Command.make("migrate", {
    status: Flag.Boolean("status").pipe(
      Flag.withDescription("Change nothing; show every migration and when it was applied"),
      Flag.withDefault(false),
      Flag.withoutNegation
    )
  }, handle).pipe(
    Command.withDescription("Bring the database up to this version's schema"),
    Command.provide(installation)
  )
