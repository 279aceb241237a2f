import { Context, DateTime, Effect, Layer, Option } from "effect"
import {
  type Attendance,
  type Change,
  confirm,
  correct,
  type Decided,
  type InvalidTransition,
  type NotEnrolled,
  type OutsideCheckIn,
  refuse,
  request,
  type Roll,
  type SessionNotOpen
} from "../../domain/Attendance.ts"
import type { ConfirmedStatus } from "../../domain/DomainEvent.ts"
import { type AcademyNotNamed, NotAllowed, NotFound } from "../../domain/Errors.ts"
import { AttendanceId, type MemberId, type SessionId } from "../../domain/Ids.ts"
import { type Permission, seesWholeAcademy } from "../../domain/Permission.ts"
import { AttendanceRepository } from "../../ports/AttendanceRepository.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { type Allowed, allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { idMaker } from "../NewIds.ts"

type Denied = NotAllowed | AcademyNotNamed | NotFound | Refusal | StorageUnavailable

export interface Confirmation {
  readonly studentId: MemberId
  /** Left out: PRESENT, or LATE past the grace. */
  readonly status?: ConfirmedStatus
}

export class AttendanceCommands extends Context.Service<AttendanceCommands, {
  /** The student presses "I am here". Asking twice is the same request. */
  readonly request: (
    sessionId: SessionId
  ) => Effect.Effect<
    Attendance,
    Denied | InvalidTransition | NotEnrolled | SessionNotOpen | OutsideCheckIn,
    CurrentActor
  >
  /** One student or a whole list, all of them or none. When the session is closed, only the office may. */
  readonly confirm: (
    sessionId: SessionId,
    students: ReadonlyArray<Confirmation>
  ) => Effect.Effect<
    ReadonlyArray<Attendance>,
    Denied | InvalidTransition | NotEnrolled | SessionNotOpen | OutsideCheckIn,
    CurrentActor
  >
  readonly refuse: (
    id: AttendanceId,
    reason: string
  ) => Effect.Effect<Attendance, Denied | InvalidTransition, CurrentActor>
  readonly correct: (
    id: AttendanceId,
    to: ConfirmedStatus,
    reason: string
  ) => Effect.Effect<Attendance, Denied | InvalidTransition, CurrentActor>
}>()("ams/AttendanceCommands") {
  static readonly layer = Layer.effect(
    AttendanceCommands,
    Effect.gen(function*() {
      const attendances = yield* AttendanceRepository
      const unitOfWork = yield* UnitOfWork
      const newId = yield* idMaker

      const by = (actor: Allowed, now: DateTime.Utc): Change => ({
        actorId: actor.memberId,
        actorRole: actor.role,
        channel: "API",
        now,
        office: seesWholeAcademy(actor)
      })

      /** Own class, or the whole academy. */
      const owns = (actor: Allowed, permission: Permission, teacherId: MemberId) =>
        seesWholeAcademy(actor) || actor.memberId === teacherId
          ? Effect.void
          : Effect.fail(new NotAllowed({ permission }))

      /** Reads the roll, decides, writes: the shape of every attendance command. */
      const change = <E>(
        actor: Allowed,
        sessionId: SessionId,
        students: ReadonlyArray<MemberId>,
        decide: (
          rolls: ReadonlyArray<Roll>,
          teacherId: MemberId
        ) => Effect.Effect<ReadonlyArray<Decided>, E>
      ) =>
        Effect.gen(function*() {
          const ids = yield* Effect.replicateEffect(newId(AttendanceId), students.length)
          const asked = students.flatMap((studentId, index) => {
            const id = ids[index]
            return id === undefined ? [] : [{ studentId, newId: id }]
          })
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              const call = yield* attendances.rollCall(actor.academyId, sessionId, asked)
              if (Option.isNone(call)) return yield* new NotFound({ what: "session", id: sessionId })
              const decided = yield* decide(call.value.rolls, call.value.teacherId)
              yield* attendances.save(decided)
              yield* (yield* Transaction).append(...decided.map((one) => one.event))
              return { rolls: call.value.rolls, decided }
            })
          )
        })

      /** Refusing and correcting name the attendance: find its session first, then decide under the lock. */
      const changeOne = Effect.fnUntraced(function*(
        actor: Allowed,
        permission: Permission,
        id: AttendanceId,
        decide: (roll: Roll) => Effect.Effect<Decided, InvalidTransition>
      ) {
        const found = yield* attendances.find(actor.academyId, id)
        if (Option.isNone(found)) return yield* new NotFound({ what: "attendance", id })
        const { attendance, teacherId } = found.value
        yield* owns(actor, permission, teacherId)
        const { decided } = yield* change(
          actor,
          attendance.sessionId,
          [attendance.studentId],
          (rolls) => Effect.forEach(rolls, decide)
        )
        return decided[0]?.attendance ?? attendance
      })

      return AttendanceCommands.of({
        request: Effect.fn("AttendanceCommands.request")(function*(sessionId) {
          const actor = yield* allowInAcademy("attendance:request")
          const now = yield* DateTime.now
          const { decided, rolls } = yield* change(
            actor,
            sessionId,
            [actor.memberId],
            (rolls) =>
              Effect.gen(function*() {
                const [roll] = rolls
                const one = roll === undefined ? null : yield* Effect.fromResult(request(roll, by(actor, now)))
                return one === null ? [] : [one]
              })
          )
          const attendance = decided[0]?.attendance ?? rolls[0]?.attendance
          return attendance ?? (yield* new NotFound({ what: "session", id: sessionId }))
        }),

        confirm: Effect.fn("AttendanceCommands.confirm")(function*(sessionId, students) {
          const actor = yield* allowInAcademy("attendance:confirm")
          const now = yield* DateTime.now
          const asked = new Map(students.map((student) => [student.studentId, student.status]))
          const { decided } = yield* change(actor, sessionId, [...asked.keys()], (rolls, teacherId) =>
            Effect.andThen(
              owns(actor, "attendance:confirm", teacherId),
              Effect.forEach(
                rolls,
                (roll) => Effect.fromResult(confirm(roll, asked.get(roll.studentId), by(actor, now)))
              )
            ))
          return decided.map((one) => one.attendance)
        }),

        refuse: Effect.fn("AttendanceCommands.refuse")(function*(id, reason) {
          const actor = yield* allowInAcademy("attendance:confirm")
          const now = yield* DateTime.now
          return yield* changeOne(
            actor,
            "attendance:confirm",
            id,
            (roll) => Effect.fromResult(refuse(roll, reason, by(actor, now)))
          )
        }),

        correct: Effect.fn("AttendanceCommands.correct")(function*(id, to, reason) {
          const actor = yield* allowInAcademy("attendance:correct")
          const now = yield* DateTime.now
          return yield* changeOne(
            actor,
            "attendance:correct",
            id,
            (roll) => Effect.fromResult(correct(roll, to, reason, by(actor, now)))
          )
        })
      })
    })
  )
}
