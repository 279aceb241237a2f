import { Context, DateTime, Effect, Layer, Option, Result } from "effect"
import type { AuditAction } from "../../domain/Audit.ts"
import { type AcademyNotNamed, NotAllowed, NotFound } from "../../domain/Errors.ts"
import {
  change,
  type Guardianship,
  type GuardianshipEdit,
  link,
  type NewGuardianship,
  type NotStudentAndParent,
  unlink
} from "../../domain/Guardianship.ts"
import { GuardianshipId, MemberId } from "../../domain/Ids.ts"
import {
  type Changed,
  changeRoles,
  create,
  decide,
  edit,
  type Member,
  type MemberEdit,
  type MemberIncomplete,
  type MemberNot,
  type NewMember,
  type StillTeaches
} from "../../domain/Member.ts"
import type { PasswordRefused } from "../../domain/PasswordRules.ts"
import type { Permission } from "../../domain/Permission.ts"
import { asSeen, type Seen, type Stale } from "../../domain/Version.ts"
import { AuditTrail } from "../../ports/AuditTrail.ts"
import { MemberRepository } from "../../ports/MemberRepository.ts"
import type { TooManyLogins } from "../../ports/Passwords.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { type Allowed, allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { passwordChooser } from "../ChoosePassword.ts"
import { leaver } from "../Leaving.ts"
import { idMaker } from "../NewIds.ts"

type Denied = NotAllowed | AcademyNotNamed | Refusal | StorageUnavailable
type Incomplete = MemberIncomplete | PasswordRefused | TooManyLogins

/** Roles as a whole; with what they need. */
export interface NewRoles extends Pick<MemberEdit, "studentProfile" | "teacherProfile"> {
  readonly roles: Member["roles"]
}

export class MemberCommands extends Context.Service<MemberCommands, {
  /** A manager enters a member, ACTIVE at once. Only an administrator makes managers. */
  readonly create: (input: NewMember) => Effect.Effect<Member, Denied | Incomplete, CurrentActor>
  /** Only an administrator changes a manager; this holds for what follows, too. */
  readonly edit: (
    id: MemberId,
    input: MemberEdit,
    seen?: Seen
  ) => Effect.Effect<Member, Denied | NotFound | MemberIncomplete | Stale, CurrentActor>
  readonly changeRoles: (
    id: MemberId,
    input: NewRoles,
    seen?: Seen
  ) => Effect.Effect<Member, Denied | NotFound | MemberIncomplete | Stale, CurrentActor>
  /** Of a teacher who signed up and waits. */
  readonly approve: (
    id: MemberId
  ) => Effect.Effect<Member, Denied | NotFound | MemberIncomplete | MemberNot, CurrentActor>
  readonly reject: (
    id: MemberId
  ) => Effect.Effect<Member, Denied | NotFound | MemberIncomplete | MemberNot, CurrentActor>
  /** Who has left has no login, no seats and hears of nobody; what was recorded stays. */
  readonly deactivate: (
    id: MemberId
  ) => Effect.Effect<Member, Denied | NotFound | MemberIncomplete | MemberNot | StillTeaches, CurrentActor>
  readonly linkGuardian: (
    studentId: MemberId,
    input: NewGuardianship
  ) => Effect.Effect<Guardianship, Denied | NotFound | NotStudentAndParent, CurrentActor>
  /** As when custody changes: at once also for messages that are on their way. */
  readonly changeGuardian: (
    studentId: MemberId,
    id: GuardianshipId,
    input: GuardianshipEdit,
    seen?: Seen
  ) => Effect.Effect<Guardianship, Denied | NotFound | Stale, CurrentActor>
  /** Answers what was there. */
  readonly unlinkGuardian: (
    studentId: MemberId,
    id: GuardianshipId,
    seen?: Seen
  ) => Effect.Effect<Guardianship, Denied | NotFound | Stale, CurrentActor>
  /** The first administrator, by whoever has the terminal. */
  readonly createAdministrator: (
    input: NewMember
  ) => Effect.Effect<Member, Incomplete | Refusal | StorageUnavailable>
}>()("ams/MemberCommands") {
  static readonly layer = Layer.effect(
    MemberCommands,
    Effect.gen(function*() {
      const audit = yield* AuditTrail
      const members = yield* MemberRepository
      const unitOfWork = yield* UnitOfWork
      const choose = yield* passwordChooser
      const leave = yield* leaver
      const newId = yield* idMaker

      const insert = Effect.fnUntraced(function*(
        input: NewMember,
        academyId: Member["academyId"],
        actor: MemberId | null
      ) {
        const id = yield* newId(MemberId)
        const { event, member } = yield* Effect.fromResult(create(input, id, academyId))
        // Hashing takes tens of milliseconds: before the transaction, not in it.
        const hash = input.password === undefined || input.loginId === undefined
          ? null
          : yield* choose(input.password, input.loginId)
        yield* unitOfWork.run(
          { academyId, actor },
          Effect.gen(function*() {
            yield* members.insert(member, hash)
            const channel = actor === null ? "CLI" : "API"
            const detail = member.roles.join(", ")
            yield* audit.write({
              academyId,
              actorId: actor,
              channel,
              action: "member.create",
              subject: `member/${id}`,
              detail
            })
            yield* (yield* Transaction).append(event)
          })
        )
        return member
      })

      const by = ({ academyId, memberId }: Allowed) => ({ academyId, actorId: memberId, channel: "API" }) as const

      /** Managers are an administrator's. */
      const mayChange = ({ role }: Allowed, roles: Member["roles"]): Effect.Effect<void, NotAllowed> =>
        role === "ADMINISTRATOR" || !roles.some((one) => one === "MANAGER" || one === "ADMINISTRATOR")
          ? Effect.void
          : Effect.fail(new NotAllowed({ permission: "member:change-manager" }))

      /** One member, changed by a decision, by whoever may. */
      const changing = <E>(
        permission: Permission,
        id: MemberId,
        action: AuditAction,
        decision: (member: Member) => Result.Result<Changed, E>,
        detail?: string
      ) =>
        Effect.gen(function*() {
          const actor = yield* allowInAcademy(permission)
          const now = yield* DateTime.now
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              const found = yield* members.hold(actor.academyId, id)
              if (Option.isNone(found)) return yield* new NotFound({ what: "member", id })
              yield* mayChange(actor, found.value.roles)
              const { event, member } = yield* Effect.fromResult(decision(found.value))
              yield* mayChange(actor, member.roles)
              yield* members.update(member, permission === "member:decide" ? { decidedBy: actor.memberId, now } : {})
              yield* audit.write({
                ...by(actor),
                action,
                subject: `member/${id}`,
                ...(detail === undefined ? {} : { detail })
              })
              yield* (yield* Transaction).append(event)
              return member
            })
          )
        })

      const aboutGuardian = ({ parentId, studentId }: Guardianship) => `member/${studentId}/guardian/${parentId}`

      /** One link of the academy's, locked. */
      const holding = <A, E, R>(
        studentId: MemberId,
        id: GuardianshipId,
        action: AuditAction,
        work: (guardianship: Guardianship) => Effect.Effect<A, E, R>,
        detail?: string
      ) =>
        Effect.gen(function*() {
          const actor = yield* allowInAcademy("guardianship:change")
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              const found = yield* members.findGuardianship(actor.academyId, studentId, id)
              if (Option.isNone(found)) return yield* new NotFound({ what: "guardianship", id })
              const subject = aboutGuardian(found.value)
              yield* audit.write({ ...by(actor), action, subject, ...(detail === undefined ? {} : { detail }) })
              return yield* work(found.value)
            })
          )
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
        edit: Effect.fn("MemberCommands.edit")((id, input, seen) =>
          changing(
            "member:change",
            id,
            "member.edit",
            (member) => Result.flatMap(asSeen(member, seen), (its) => edit(its, input)),
            Object.keys(input).join(", ")
          )
        ),
        changeRoles: Effect.fn("MemberCommands.changeRoles")((id, { roles, ...profiles }, seen) =>
          changing(
            "member:change",
            id,
            "member.roles",
            (member) => Result.flatMap(asSeen(member, seen), (its) => changeRoles(its, roles, profiles)),
            roles.join(", ")
          )
        ),
        approve: Effect.fn("MemberCommands.approve")((id) =>
          changing("member:decide", id, "member.approve", (member) => decide(member, "APPROVED"))
        ),
        reject: Effect.fn("MemberCommands.reject")((id) =>
          changing("member:decide", id, "member.reject", (member) => decide(member, "REJECTED"))
        ),
        deactivate: Effect.fn("MemberCommands.deactivate")(function*(id) {
          const actor = yield* allowInAcademy("member:change")
          const found = yield* members.find(actor.academyId, id)
          if (Option.isNone(found)) return yield* new NotFound({ what: "member", id })
          yield* mayChange(actor, found.value.roles)
          const now = yield* DateTime.now
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.tap(
              leave(actor.academyId, id, now),
              () => audit.write({ ...by(actor), action: "member.deactivate", subject: `member/${id}` })
            )
          )
        }),
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
              yield* audit.write({ ...by(actor), action: "guardianship.link", subject: aboutGuardian(guardianship) })
              yield* (yield* Transaction).append(event)
            })
          )
          return guardianship
        }),
        changeGuardian: Effect.fn("MemberCommands.changeGuardian")((studentId, id, input, seen) =>
          holding(studentId, id, "guardianship.change", (before) =>
            Effect.gen(function*() {
              const { event, guardianship } = change(yield* Effect.fromResult(asSeen(before, seen)), input)
              yield* members.updateGuardianship(guardianship)
              yield* (yield* Transaction).append(event)
              return guardianship
            }), Object.keys(input).join(", "))
        ),
        unlinkGuardian: Effect.fn("MemberCommands.unlinkGuardian")((studentId, id, seen) =>
          holding(studentId, id, "guardianship.unlink", (guardianship) =>
            Effect.gen(function*() {
              yield* Effect.fromResult(asSeen(guardianship, seen))
              yield* members.deleteGuardianship(guardianship)
              yield* (yield* Transaction).append(unlink(guardianship))
              return guardianship
            }))
        )
      })
    })
  )
}
