import { Effect, Layer } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Erasures } from "../../../application/operations/Erasures.ts"
import { Reason } from "../../../application/operations/Operator.ts"
import { MemberId } from "../../../domain/Ids.ts"
import { atTerminal } from "./Operating.ts"
import { answer, list } from "./Output.ts"

const erase = Effect.fnUntraced(function*(input: { readonly member: MemberId; readonly reason: Reason }) {
  const { id, name, version } = yield* (yield* Erasures).erase(input.member, input.reason)
  yield* answer({ id, name, version }, () => ["Forgot the member.", list([["id", id], ["name", name]])].join("\n"))
})

/** `ams members` */
export const members = <E, R>(needs: Layer.Layer<Erasures, E, R>) =>
  Command.make("members").pipe(
    Command.withDescription("Members of academies"),
    Command.withSubcommands([
      Command.make("erase", {
        member: Argument.String("member").pipe(
          Argument.withDescription("The member's id"),
          Argument.withSchema(MemberId)
        ),
        reason: Flag.String("reason").pipe(
          Flag.withDescription("Why, as in: asked for by the person; kept with the audit entry"),
          Flag.withSchema(Reason)
        )
      }, erase).pipe(
        Command.withDescription(
          "Forget a member who has left: name, number, dates, profiles, devices and reasons in free text. Cannot be undone"
        ),
        Command.withExamples([{
          command: "ams members erase 0199… --reason \"asked for by the person\"",
          description: "Forgets one; MEMBER_RETENTION_DAYS forgets all, so long after they left"
        }]),
        Command.provide(Layer.merge(needs, atTerminal))
      )
    ])
  )
