/** Figures of academies, classes, teachers and students, by day, week, month or as a whole. */
import { Context, Effect, Layer, Option } from "effect"
import { type AcademyNotNamed, NotAllowed, NotFound } from "../../domain/Errors.ts"
import { ClassId, MemberId } from "../../domain/Ids.ts"
import type { LocalDate } from "../../domain/LocalTime.ts"
import { seesWholeAcademy } from "../../domain/Permission.ts"
import type { View } from "../../domain/ReadModel.ts"
import {
  type FigureRow,
  fold,
  InvalidPeriod,
  isPeriod,
  mostDays,
  type Span,
  type Subject
} from "../../domain/Statistics.ts"
import { ReadModels, type ReadSideUnavailable } from "../../ports/ReadModels.ts"
import { type Allowed, allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { classInView, ownStudents, seesStudent } from "./Ownership.ts"
import { bounds, type Days, type Page, type PageRequest, pagesOf } from "./Paging.ts"

type Denied = NotAllowed | AcademyNotNamed | NotFound | ReadSideUnavailable

export interface Asked {
  readonly of: Subject
  /** The academy's, the class's or the member's id. */
  readonly id: string
  readonly by: Span
  /** Both included; at most 731 days. */
  readonly dateFrom: LocalDate
  readonly dateTo: LocalDate
}

export class StatisticsQueries extends Context.Service<StatisticsQueries, {
  /** A row for each part of the period. Teachers see what is theirs, students and parents their own figures. */
  readonly figures: (asked: Asked) => Effect.Effect<ReadonlyArray<FigureRow>, Denied | InvalidPeriod, CurrentActor>
  readonly classDays: (
    filter: { readonly classId: ClassId } & Days,
    page: PageRequest
  ) => Effect.Effect<Page<View<"class_day">>, Denied, CurrentActor>
}>()("ams/StatisticsQueries") {
  static readonly layer = Layer.effect(
    StatisticsQueries,
    Effect.gen(function*() {
      const readModels = yield* ReadModels
      const page = pagesOf(readModels)
      const reading = Effect.provideService(ReadModels, readModels)

      /** A member of whom the office asks. */
      const exists = Effect.fnUntraced(function*(actor: Allowed, id: MemberId) {
        const found = yield* readModels.get("member", actor.academyId, id)
        if (Option.isNone(found)) return yield* new NotFound({ what: "member", id })
      })

      /** The sums of each day, after a look whether the actor may see them. */
      const days = Effect.fnUntraced(function*({ dateFrom, dateTo, id, of }: Asked) {
        // What one has attended oneself is no more than one's attendance.
        const permission = of === "STUDENT" ? "attendance:read" : "statistics:read"
        const actor = yield* allowInAcademy(permission)
        const query = { academyId: actor.academyId, dateFrom, dateTo }
        const ofClasses = (where: { readonly classId?: ClassId; readonly teacherId?: MemberId }) =>
          readModels.sum("class_day", { ...query, where })
        switch (of) {
          case "ACADEMY": {
            if (!seesWholeAcademy(actor)) return yield* new NotAllowed({ permission })
            if (id !== actor.academyId) return yield* new NotFound({ what: "academy", id })
            const every = { ...query, where: {}, order: "ascending", limit: mostDays } as const
            return { figures: yield* ofClasses({}), arrived: yield* readModels.find("academy_day", every) }
          }
          case "CLASS": {
            const { id: classId } = yield* reading(classInView(actor, permission, ClassId.make(id)))
            return { figures: yield* ofClasses({ classId }), arrived: null }
          }
          case "TEACHER": {
            const teacherId = MemberId.make(id)
            if (seesWholeAcademy(actor)) yield* exists(actor, teacherId)
            else if (teacherId !== actor.memberId) return yield* new NotAllowed({ permission })
            return { figures: yield* ofClasses({ teacherId }), arrived: null }
          }
          case "STUDENT": {
            const studentId = MemberId.make(id)
            yield* reading(seesStudent(actor, permission, studentId))
            if (!ownStudents(actor).includes(studentId)) yield* exists(actor, studentId)
            return { figures: yield* readModels.sum("student_day", { ...query, where: { studentId } }), arrived: null }
          }
        }
      })

      return StatisticsQueries.of({
        figures: Effect.fn("StatisticsQueries.figures")(function*(asked) {
          if (!isPeriod(asked.dateFrom, asked.dateTo)) return yield* new InvalidPeriod({ mostDays })
          const { arrived, figures } = yield* days(asked)
          return fold(asked.by, asked.dateFrom, asked.dateTo, figures, arrived)
        }),
        classDays: Effect.fn("StatisticsQueries.classDays")(function*(filter, request) {
          const actor = yield* allowInAcademy("statistics:read")
          yield* reading(classInView(actor, "statistics:read", filter.classId))
          return yield* page(actor, "class_day", request, {
            where: { classId: filter.classId },
            ...bounds(filter),
            order: "ascending"
          })
        })
      })
    })
  )
}
