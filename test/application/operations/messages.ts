/** Messages of an academy, and those who ask for them. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { CurrentOperator, Reason } from "../../../src/application/operations/Operator.ts"
import { MessageId } from "../../../src/domain/Ids.ts"
import type { Actor } from "../../../src/domain/Permission.ts"
import { as, makeAcademy } from "../../support/academy.ts"
import { type PlantedMessage, planting } from "../../support/messages.ts"

export const reason = Reason.make("the parent changed the number")

/** As a member, over HTTP. */
export const member = (actor: Actor) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideServiceEffect(effect, CurrentOperator, CurrentOperator.asMember).pipe(as(actor))
export const terminal = Effect.provideService(CurrentOperator, CurrentOperator.atTerminal)

export const plant = Effect.fnUntraced(function*(given: PlantedMessage) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql.unsafe<{ id: string }>(planting(given))
  return MessageId.make(row?.id ?? "")
})

/** An academy with a parent of a student who is to be told something about the session. */
export const given = Effect.gen(function*() {
  const made = yield* makeAcademy({ students: 2 })
  const [one, other] = made.students
  if (one === undefined || other === undefined) return yield* Effect.die("two students")
  const about = {
    academyId: made.academy.id,
    recipientId: one.parent.memberId,
    sessionId: made.session.id,
    studentId: one.student.memberId
  }
  return { ...made, one, other, about }
})
