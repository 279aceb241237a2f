/** What the commands of operators have in common. */
import { Layer, Schema } from "effect"
import { Flag } from "effect/cli"
import { CurrentOperator } from "../../../application/operations/Operator.ts"
import { AcademyId } from "../../../domain/Ids.ts"

export const atTerminal = Layer.succeed(CurrentOperator, CurrentOperator.atTerminal)

/** `--academy`: of one academy instead of all. */
export const academy = Flag.String("academy").pipe(
  Flag.withDescription("Only those of the academy with this id"),
  Flag.withSchema(AcademyId),
  Flag.optional
)

/** `--limit`: of long lists the beginning. */
export const limit = (unlessSaid: number) =>
  Flag.Int("limit").pipe(
    Flag.withDescription("At most so many, 1 to 1000"),
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
    Flag.withDefault(unlessSaid)
  )
