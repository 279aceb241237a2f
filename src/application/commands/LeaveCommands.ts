import { Context, DateTime, Effect, Layer, Option } from "effect"
import { type AcademyNotNamed, NotAllowed, NotFound } from "../../domain/Errors.ts"
import { LeaveId } from "../../domain/Ids.ts"
import {
  type Answer,
  decide,
  type Decision,
  type InvalidLeave,
  type Leave,
  type LeaveNotRequested,
  type LeaveOverlaps,
  type NewLeave,
  request
} from "../../domain/Leave.ts"
import { seesWholeAcademy } from "../../domain/Permission.ts"
import { LeaveRepository } from "../../ports/LeaveRepository.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { idMaker } from "../NewIds.ts"

type Denied = NotAllowed | AcademyNotNamed | NotFound | Refusal | StorageUnavailable
type Decide = (id: LeaveId, input: Answer) => Effect.Effect<Leave, Denied | LeaveNotRequested, CurrentActor>

export class LeaveCommands extends Context.Service<LeaveCommands, {
  /** A parent asks for an own child; what the office enters is approved at once. */
  readonly request: (input: NewLeave) => Effect.Effect<Leave, Denied | InvalidLeave | LeaveOverlaps, CurrentActor>
  readonly approve: Decide
  readonly reject: Decide
}>()("ams/LeaveCommands") {
  static readonly layer = Layer.effect(
    LeaveCommands,
    Effect.gen(function*() {
      const leaves = yield* LeaveRepository
      const unitOfWork = yield* UnitOfWork
      const newId = yield* idMaker

      const deciding = (to: Decision): Decide =>
        Effect.fnUntraced(function*(id, { answer }) {
          const actor = yield* allowInAcademy("leave:decide")
          const now = yield* DateTime.now
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              const found = yield* leaves.find(actor.academyId, id)
              if (Option.isNone(found)) return yield* new NotFound({ what: "leave", id })
              const { event, leave } = yield* Effect.fromResult(
                decide(found.value, to, { memberId: actor.memberId, answer: answer ?? null, now })
              )
              yield* leaves.update(leave)
              yield* (yield* Transaction).append(event)
              return leave
            })
          )
        })

      return LeaveCommands.of({
        request: Effect.fn("LeaveCommands.request")(function*(input) {
          const actor = yield* allowInAcademy("leave:request")
          const decides = seesWholeAcademy(actor)
          if (!decides && !actor.children.includes(input.studentId)) {
            return yield* new NotAllowed({ permission: "leave:request" })
          }
          const id = yield* newId(LeaveId)
          const now = yield* DateTime.now
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              const book = yield* leaves.book(actor.academyId, input.studentId)
              if (Option.isNone(book)) return yield* new NotFound({ what: "student", id: input.studentId })
              const { event, leave } = yield* Effect.fromResult(request(input, {
                id,
                academyId: actor.academyId,
                by: { memberId: actor.memberId, decides },
                others: book.value.notes,
                zone: book.value.timeZone,
                now
              }))
              yield* leaves.insert(leave)
              yield* (yield* Transaction).append(event)
              return leave
            })
          )
        }),
        approve: (id, input) => deciding("APPROVED")(id, input).pipe(Effect.withSpan("LeaveCommands.approve")),
        reject: (id, input) => deciding("REJECTED")(id, input).pipe(Effect.withSpan("LeaveCommands.reject"))
      })
    })
  )
}
