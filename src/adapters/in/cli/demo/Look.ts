/** What can be seen of the day: lists and figures of the read side, histories, and doors that stay shut. */
import { Effect } from "effect"
import type { Attendance } from "../../../../domain/Attendance.ts"
import type { Cast, Lesson } from "./Cast.ts"
import {
  as,
  type CallFailure,
  type Client,
  doing,
  failing,
  isProblem,
  seldom,
  statusOf,
  type Voice,
  type Wait
} from "./Client.ts"
import { expectedDays, expectedRows } from "./Observed.ts"

/** The read side comes after the commands: what it does not know yet is nothing yet. */
const unknownYet = <A>(list: Effect.Effect<{ readonly data: ReadonlyArray<A> }, CallFailure>) =>
  list.pipe(
    Effect.map(({ data }) => data),
    Effect.catch((error) =>
      isProblem(error) && error.status === 404
        ? Effect.succeed<ReadonlyArray<A>>([])
        : Effect.fail(failing("asking the read side", error))
    )
  )

const limited = { limit: 100, cursor: undefined }

/** Looks at lists and figures until they are as they should be, or patience ends. */
export const readSide = Effect.fnUntraced(
  function*(client: Client, cast: Cast, wait: Wait, teaching: Voice, mother: Voice) {
    const { coming, running, students: { late } } = cast
    const rows = expectedRows(cast)
    const days = expectedDays(cast)
    const byStatus = (list: ReadonlyArray<{ readonly status: string }>) =>
      list.map(({ status }) => status).sort().join()
    const settled =
      (expected: ReadonlyArray<{ readonly status: string }>) => (list: ReadonlyArray<{ readonly status: string }>) =>
        byStatus(list) === byStatus(expected)

    const list = ({ classId, date }: Lesson) =>
      unknownYet(client.attendances.ofClass({ params: { classId }, query: { ...limited, date } })).pipe(as(teaching))
    const figures = ({ classId, date }: Lesson) =>
      unknownYet(client.statistics.classDays({ query: { ...limited, classId, dateFrom: date, dateTo: date } })).pipe(
        as(teaching)
      )
    const same =
      (expected: { readonly present: number; readonly late: number; readonly excused: number }) =>
      (found: ReadonlyArray<typeof expected>) =>
        found.some((one) =>
          one.present === expected.present && one.late === expected.late && one.excused === expected.excused
        )

    return {
      readSide: {
        coming: yield* wait(list(coming), settled(rows.coming), seldom),
        running: yield* wait(list(running), settled(rows.running), seldom),
        ofLate: yield* wait(
          unknownYet(client.attendances.ofStudent({ query: { ...limited, studentId: late.id } })).pipe(as(mother)),
          settled(rows.running),
          seldom
        )
      },
      days: {
        coming: yield* wait(figures(coming), same(days.coming), seldom),
        running: yield* wait(figures(running), same(days.running), seldom)
      }
    }
  }
)

/** What nobody may do. */
export const refusals = Effect.fnUntraced(
  function*(client: Client, cast: Cast, mother: Voice, student: Voice, foreign: Attendance) {
    const { coming, students: { absent, elder } } = cast
    const raw = { responseMode: "response-only" } as const
    const confirming = {
      params: { sessionId: coming.sessionId },
      payload: { students: [{ studentId: elder.id }] },
      ...raw
    }
    return {
      parentOfAnother: yield* Effect.all([
        statusOf(client.attendances.ofStudent({ query: { ...limited, studentId: absent.id }, ...raw })),
        statusOf(client.attendances.history({ params: { attendanceId: foreign.id }, ...raw }))
      ]).pipe(as(mother)),
      studentConfirming: yield* statusOf(client.attendances.confirm(confirming)).pipe(as(student)),
      withoutToken: yield* Effect.all([
        statusOf(client.attendances.request({ params: { sessionId: coming.sessionId }, ...raw })),
        statusOf(client.attendances.confirm(confirming)),
        statusOf(client.statistics.classDays({ query: { ...limited, classId: coming.classId }, ...raw }))
      ])
    }
  }
)

export const history = (client: Client, teaching: Voice, { id }: Attendance) =>
  client.attendances.history({ params: { attendanceId: id } }).pipe(
    as(teaching),
    doing("asking for the history of an attendance"),
    Effect.map(({ data }) => data.map(({ actorId, reason, to }) => ({ to, by: actorId, reason })))
  )
