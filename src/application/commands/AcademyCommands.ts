import { Context, Effect, Layer } from "effect"
import { type Academy, create, type NewAcademy } from "../../domain/Academy.ts"
import type { NotAllowed } from "../../domain/Errors.ts"
import { AcademyId } from "../../domain/Ids.ts"
import { AcademyRepository } from "../../ports/AcademyRepository.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { allow, type CurrentActor } from "../Authorize.ts"
import { idMaker } from "../NewIds.ts"

export class AcademyCommands extends Context.Service<AcademyCommands, {
  readonly create: (
    input: NewAcademy
  ) => Effect.Effect<Academy, NotAllowed | Refusal | StorageUnavailable, CurrentActor>
}>()("ams/AcademyCommands") {
  static readonly layer = Layer.effect(
    AcademyCommands,
    Effect.gen(function*() {
      const academies = yield* AcademyRepository
      const unitOfWork = yield* UnitOfWork
      const newId = yield* idMaker
      return AcademyCommands.of({
        create: Effect.fn("AcademyCommands.create")(function*(input) {
          const actor = yield* allow("academy:create")
          const { academy, event } = create(input, yield* newId(AcademyId))
          yield* unitOfWork.run(
            { academyId: academy.id, actor: actor.memberId },
            Effect.gen(function*() {
              yield* academies.insert(academy)
              yield* (yield* Transaction).append(event)
            })
          )
          return academy
        })
      })
    })
  )
}
