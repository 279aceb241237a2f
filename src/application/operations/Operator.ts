/** Who operates AMS now. By HTTP and by CLI the use cases of this folder are the same; only this differs. */
import { Context, Effect, Schema } from "effect"
import { NotAllowed } from "../../domain/Errors.ts"
import type { Permission } from "../../domain/Permission.ts"
import { words } from "../../domain/Words.ts"
import type { Operator } from "../../ports/FailedEventStore.ts"
import { allow, CurrentActor } from "../Authorize.ts"

/**
 * Whoever operates AMS now: the person at its terminal, or a member as far as the table of permissions allows.
 *
 * @effect-leakable-service
 */
export class CurrentOperator extends Context.Service<CurrentOperator, {
  /** The operator as store and audit know one. Fails when the permission is not granted. */
  readonly with: (permission: Permission) => Effect.Effect<Operator, NotAllowed>
}>()("ams/CurrentOperator") {
  /** Who has the terminal may do everything, in every academy. */
  static readonly atTerminal = CurrentOperator.of({
    with: () => Effect.succeed({ actorId: null, channel: "CLI", academyId: null })
  })
  /** The current actor, in the own academy; an administrator in the named one, or in every one. */
  static readonly asMember: Effect.Effect<CurrentOperator["Service"], never, CurrentActor> = Effect.map(
    CurrentActor,
    (actor) =>
      CurrentOperator.of({
        with: Effect.fnUntraced(function*(permission) {
          const { academyId, memberId, role } = yield* Effect.provideService(allow(permission), CurrentActor, actor)
          if (academyId === null && role !== "ADMINISTRATOR") return yield* new NotAllowed({ permission })
          return { actorId: memberId, channel: "API", academyId }
        })
      })
  )
}

/** The current operator, if that is allowed. */
export const operator = (permission: Permission) =>
  Effect.flatMap(CurrentOperator, (current) => current.with(permission))

/** Does the operator see what is the same for every academy: processes, and where circuits are open? */
export const operatesSystem = Effect.match(operator("operations:system"), {
  onFailure: () => false,
  onSuccess: () => true
})

/** Why somebody did it: 1 to 500 characters, without spaces around them. It is kept with the audit entry. */
export const Reason = words("a reason").pipe(Schema.brand("Reason"))
export type Reason = typeof Reason.Type
