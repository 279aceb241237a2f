import { Context, DateTime, Effect, Layer } from "effect"
import { type AcademyNotNamed, NotAllowed, NotFound } from "../../domain/Errors.ts"
import { type Guardianship, link, type NewGuardianship, type NotStudentAndParent } from "../../domain/Guardianship.ts"
import { GuardianshipId, MemberId } from "../../domain/Ids.ts"
import { create, type Member, type MemberIncomplete, type NewMember } from "../../domain/Member.ts"
import { MemberRepository } from "../../ports/MemberRepository.ts"
import { Passwords, type TooManyLogins } from "../../ports/Passwords.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { idMaker } from "../NewIds.ts"

type Denied = NotAllowed | AcademyNotNamed | Refusal | StorageUnavailable

export class MemberCommands extends Context.Service<MemberCommands, {
  /** A manager enters a member, ACTIVE at once. Only an administrator makes managers. */
  readonly create: (
    input: NewMember
  ) => Effect.Effect<Member, Denied | MemberIncomplete | TooManyLogins, CurrentActor>
  readonly linkGuardian: (
    studentId: MemberId,
    input: NewGuardianship
  ) => Effect.Effect<Guardianship, Denied | NotFound | NotStudentAndParent, CurrentActor>
  /** The first administrator, by whoever has the terminal. */
  readonly createAdministrator: (
    input: NewMember
  ) => Effect.Effect<Member, MemberIncomplete | TooManyLogins | Refusal | StorageUnavailable>
}>()("ams/MemberCommands") {
  static readonly layer = Layer.effect(
    MemberCommands,
    Effect.gen(function*() {
      const members = yield* MemberRepository
      const passwords = yield* Passwords
      const unitOfWork = yield* UnitOfWork
      const newId = yield* idMaker

      const insert = Effect.fnUntraced(function*(
        input: NewMember,
        academyId: Member["academyId"],
        actor: MemberId | null
      ) {
        const id = yield* newId(MemberId)
        const { event, member } = yield* Effect.fromResult(create(input, id, academyId))
        // Hashing takes tens of milliseconds: before the transaction, not in it.
        const hash = input.password === undefined ? null : yield* passwords.hash(input.password)
        yield* unitOfWork.run(
          { academyId, actor },
          Effect.gen(function*() {
            yield* members.insert(member, hash)
            yield* (yield* Transaction).append(event)
          })
        )
        return member
      })

      return MemberCommands.of({
        create: Effect.fn("MemberCommands.create")(function*(input) {
          const managing = input.roles.includes("MANAGER") || input.roles.includes("ADMINISTRATOR")
          const actor = yield* allowInAcademy(managing ? "member:create-manager" : "member:create")
          if (input.roles.includes("ADMINISTRATOR")) {
            return yield* new NotAllowed({ permission: "member:create-manager" })
          }
          return yield* insert(input, actor.academyId, actor.memberId)
        }),
        createAdministrator: Effect.fn("MemberCommands.createAdministrator")((input) => insert(input, null, null)),
        linkGuardian: Effect.fn("MemberCommands.linkGuardian")(function*(studentId, input) {
          const actor = yield* allowInAcademy("guardianship:create")
          const id = yield* newId(GuardianshipId)
          const now = yield* DateTime.now
          const known = yield* members.brief(actor.academyId, [studentId, input.parentId])
          const student = known.find((member) => member.id === studentId)
          const parent = known.find((member) => member.id === input.parentId)
          if (student === undefined) return yield* new NotFound({ what: "member", id: studentId })
          if (parent === undefined) return yield* new NotFound({ what: "member", id: input.parentId })
          const { event, guardianship } = yield* Effect.fromResult(link(
            { ...input, id, academyId: actor.academyId, studentId },
            { student: student.roles, parent: parent.roles },
            now
          ))
          yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              yield* members.insertGuardianship(guardianship)
              yield* (yield* Transaction).append(event)
            })
          )
          return guardianship
        })
      })
    })
  )
}
