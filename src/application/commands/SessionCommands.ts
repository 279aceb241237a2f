import { Context, DateTime, Effect, Layer, Option } from "effect"
import type { EventFact } from "../../domain/DomainEvent.ts"
import type { ClassNotActive } from "../../domain/Enrollment.ts"
import { type AcademyNotNamed, type NotAllowed, NotFound } from "../../domain/Errors.ts"
import type { ClassId, SessionId } from "../../domain/Ids.ts"
import { type Existing, type Session, sessionsPlanned, toBeHeld } from "../../domain/Session.ts"
import {
  add,
  cancel,
  move,
  type OutsidePlanning,
  type SessionAttended,
  type SessionOver,
  type When
} from "../../domain/SessionChange.ts"
import type { ScheduleConflict } from "../../domain/Timetable.ts"
import { TimetableRepository, type ToPlan } from "../../ports/TimetableRepository.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { type Allowed, allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { timetabling } from "../Timetabling.ts"

type Denied = NotAllowed | AcademyNotNamed | NotFound | Refusal | StorageUnavailable

/** Single sessions; planning leaves them alone from then on. Their guardians and teacher are told. */
export class SessionCommands extends Context.Service<SessionCommands, {
  readonly cancel: (
    id: SessionId,
    reason: string
  ) => Effect.Effect<Session, Denied | SessionOver | SessionAttended, CurrentActor>
  readonly move: (
    id: SessionId,
    when: When,
    reason: string
  ) => Effect.Effect<Session, Denied | SessionOver | SessionAttended | OutsidePlanning | ScheduleConflict, CurrentActor>
  readonly add: (
    classId: ClassId,
    when: When,
    reason: string | null
  ) => Effect.Effect<Session, Denied | ClassNotActive | OutsidePlanning | ScheduleConflict, CurrentActor>
}>()("ams/SessionCommands") {
  static readonly layer = Layer.effect(
    SessionCommands,
    Effect.gen(function*() {
      const timetable = yield* TimetableRepository
      const unitOfWork = yield* UnitOfWork
      const { book, withIds } = yield* timetabling

      /** In one unit of work, with the class locked. */
      const inClass = <A, E, R>(actor: Allowed, classId: ClassId, work: (found: ToPlan) => Effect.Effect<A, E, R>) =>
        unitOfWork.run(
          { academyId: actor.academyId, actor: actor.memberId },
          Effect.gen(function*() {
            const found = yield* timetable.toPlan(actor.academyId, classId)
            if (Option.isNone(found)) return yield* new NotFound({ what: "class", id: classId })
            return yield* work(found.value)
          })
        )

      /** Nobody is elsewhere then. */
      const place = (found: ToPlan, session: Session, now: DateTime.Utc) =>
        book(
          found.class,
          { students: found.students, sessions: [session], meets: { ...found.class, schedules: [] } },
          toBeHeld(found.sessions, [], [session], now),
          found.calendar,
          now
        )

      const change = Effect.fnUntraced(function*<E>(
        id: SessionId,
        decide: (
          session: Existing,
          found: ToPlan
        ) => Effect.Effect<{ readonly session: Session; readonly event: EventFact }, E, Transaction>
      ) {
        const actor = yield* allowInAcademy("session:change")
        const classId = yield* timetable.classOf(actor.academyId, id)
        if (Option.isNone(classId)) return yield* new NotFound({ what: "session", id })
        return yield* inClass(actor, classId.value, (found) =>
          Effect.gen(function*() {
            const session = found.sessions.find((one) => one.id === id)
            if (session === undefined) return yield* new NotFound({ what: "session", id })
            const decided = yield* decide(session, found)
            yield* timetable.save({ added: [], changed: [decided.session] })
            yield* (yield* Transaction).append(decided.event)
            return decided.session
          }))
      })

      return SessionCommands.of({
        cancel: Effect.fn("SessionCommands.cancel")(function*(id, reason) {
          const now = yield* DateTime.now
          return yield* change(id, (session) => Effect.fromResult(cancel(session, reason, now)))
        }),
        move: Effect.fn("SessionCommands.move")(function*(id, when, reason) {
          const now = yield* DateTime.now
          return yield* change(
            id,
            (session, found) =>
              Effect.fromResult(move(session, found.class, when, reason, found.calendar.zone, now)).pipe(
                Effect.tap((decided) => place(found, decided.session, now))
              )
          )
        }),
        add: Effect.fn("SessionCommands.add")(function*(classId, when, reason) {
          const actor = yield* allowInAcademy("session:change")
          const now = yield* DateTime.now
          return yield* inClass(actor, classId, (found) =>
            Effect.gen(function*() {
              const made = yield* Effect.fromResult(add(found.class, when, reason, found.calendar.zone, now))
              const [session, ...others] = yield* withIds([made], found.class)
              if (session === undefined || others.length > 0) return yield* Effect.die("one session has one id")
              yield* place(found, session, now)
              yield* timetable.save({ added: [session], changed: [] })
              yield* (yield* Transaction).append(...sessionsPlanned(found.class, [session]))
              return session
            }))
        })
      })
    })
  )
}
