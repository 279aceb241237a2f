/** Recomputes the figures that events touch: many events of one class and day cost one computation. */
import { Effect } from "effect"
import type { DomainEvent } from "../../domain/DomainEvent.ts"
import { AcademyId, ClassId, MemberId } from "../../domain/Ids.ts"
import type { LocalDate } from "../../domain/LocalTime.ts"
import { classDayId, studentDayId } from "../../domain/ReadModel.ts"
import { allDone, type EventHandler } from "../../ports/EventHandler.ts"
import type { ReadModels } from "../../ports/ReadModels.ts"
import { type FigureReach, type Named, ReadModelSource } from "../../ports/ReadModelSource.ts"
import { asFailure, sync } from "./ReadModelSync.ts"

export interface Touched {
  readonly named: ReadonlyArray<Named>
  readonly reach: ReadonlyArray<FigureReach>
}

const reaching = (...reach: ReadonlyArray<FigureReach>): Touched => ({ named: [], reach })
/** A class's day with every student's day there. */
const day = (classId: ClassId, date: LocalDate): FigureReach => ({ of: "day", id: classDayId(classId, date) })

/** The figures that an event changes. */
export const touched = (event: DomainEvent): Touched => {
  switch (event.type) {
    case "AttendanceRequested":
    case "AttendanceRefused":
    case "AttendanceConfirmed":
    case "AttendanceCorrected": {
      const { classId, sessionDate, studentId } = event.payload
      const id = classDayId(classId, sessionDate)
      return {
        named: [["class_day", id], ["student_day", studentDayId(studentId, classId, sessionDate)]],
        // Somebody who is there says of a roll that is over that the others were not.
        reach: [{ of: "unrecorded", id }]
      }
    }
    case "SessionClosed":
    case "SessionCancelled":
      return reaching(day(event.payload.classId, event.payload.sessionDate))
    case "SessionMoved": {
      const { classId, fromDate, sessionDate, sessionId } = event.payload
      // Its students went with it, and are found on the day before no more.
      return reaching(day(classId, fromDate), day(classId, sessionDate), {
        of: "session",
        id: sessionId,
        date: fromDate
      })
    }
    case "SessionsPlanned": {
      const classId = ClassId.make(event.aggregate.id)
      return reaching(...event.payload.dates.map((date) => day(classId, date)))
    }
    case "ClassUpdated":
      return reaching({ of: "class", id: ClassId.make(event.aggregate.id) })
    case "StudentEnrolled":
    case "EnrollmentCancelled":
      return reaching({ of: "enrollment", id: event.payload.enrollmentId })
    case "MemberCreated":
      return reaching({ of: "member", id: MemberId.make(event.aggregate.id) })
    case "AcademyUpdated":
      // Perhaps its zone, in which members came on other days.
      return reaching({ of: "academy", id: AcademyId.make(event.aggregate.id) })
    default:
      return reaching()
  }
}

export const statistics = Effect.map(
  Effect.context<ReadModelSource | ReadModels>(),
  (context): EventHandler => ({
    name: "Statistics",
    handle: (events) =>
      Effect.gen(function*() {
        const all = events.map(touched)
        const reach = all.flatMap((one) => one.reach)
        const reached = reach.length === 0 ? [] : yield* (yield* ReadModelSource).figuresReached(reach)
        yield* sync([...all.flatMap((one) => one.named), ...reached])
        return allDone
      }).pipe(Effect.mapError(asFailure), Effect.provideContext(context))
  })
)
