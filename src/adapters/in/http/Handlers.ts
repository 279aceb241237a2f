/** Each endpoint to its use case: nothing but shapes changes here. */
import { Effect, Layer, Struct } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { AttendanceCommands } from "../../../application/commands/AttendanceCommands.ts"
import { ClassCommands } from "../../../application/commands/ClassCommands.ts"
import { MemberCommands } from "../../../application/commands/MemberCommands.ts"
import { AcademyQueries } from "../../../application/queries/AcademyQueries.ts"
import { Queries } from "../../../application/queries/Queries.ts"
import { StatisticsQueries } from "../../../application/queries/StatisticsQueries.ts"
import * as Academies from "./AcademyHttp.ts"
import { Api } from "./Api.ts"
import * as Audits from "./AuditHttp.ts"
import * as Authentication from "./AuthHttp.ts"
import * as Channels from "./ChannelHttp.ts"
import { seen } from "./Conditional.ts"
import * as Enrollments from "./EnrollmentHttp.ts"
import { created, itself, many, one, pageOf, versioned } from "./Envelope.ts"
import * as Exports from "./ExportHttp.ts"
import * as FailedEvents from "./FailedEventsHttp.ts"
import * as Imports from "./ImportHttp.ts"
import * as Leaves from "./LeaveHttp.ts"
import * as MemberNotifications from "./MemberNotificationHttp.ts"
import * as Notifications from "./NotificationHttp.ts"
import * as Operations from "./OperationsHttp.ts"
import { asProblem } from "./Problems.ts"
import * as Registers from "./RegisterHttp.ts"

const same = <A>(item: A) => item

const members = HttpApiBuilder.group(
  Api,
  "members",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* MemberCommands
    const queries = yield* Queries
    const inFull = yield* AcademyQueries
    return handlers.handleAll({
      create: ({ payload }) =>
        Effect.map(asProblem(commands.create(payload)), (made) => created(made, `/api/v1/members/${made.id}`)),
      list: ({ query }) =>
        Effect.map(
          asProblem(queries.members({ role: query.role, status: query.status, name: query.name }, pageOf(query))),
          (page) => many(page, same)
        ),
      show: ({ params }) => Effect.map(asProblem(inFull.member(params.memberId)), itself),
      edit: ({ headers, params, payload }) =>
        asProblem(Effect.flatMap(seen(headers), (upon) => commands.edit(params.memberId, payload, upon))).pipe(
          Effect.map(itself)
        ),
      changeRoles: ({ headers, params, payload }) =>
        asProblem(Effect.flatMap(seen(headers), (upon) => commands.changeRoles(params.memberId, payload, upon))).pipe(
          Effect.map(itself)
        ),
      approve: ({ params }) => Effect.map(asProblem(commands.approve(params.memberId)), itself),
      reject: ({ params }) => Effect.map(asProblem(commands.reject(params.memberId)), itself),
      deactivate: ({ params }) => Effect.map(asProblem(commands.deactivate(params.memberId)), itself),
      changeGuardian: ({ headers, params: { guardianshipId, studentId }, payload }) =>
        asProblem(
          Effect.flatMap(seen(headers), (upon) => commands.changeGuardian(studentId, guardianshipId, payload, upon))
        ).pipe(Effect.map(itself)),
      unlinkGuardian: ({ headers, params: { guardianshipId, studentId } }) =>
        asProblem(
          Effect.flatMap(seen(headers), (upon) => commands.unlinkGuardian(studentId, guardianshipId, upon))
        ).pipe(Effect.map(itself)),
      linkGuardian: ({ params, payload }) =>
        Effect.map(
          asProblem(commands.linkGuardian(params.studentId, payload)),
          (made) => created(made, `/api/v1/members/${params.studentId}/guardians/${made.id}`)
        )
    })
  })
)

const classes = HttpApiBuilder.group(
  Api,
  "classes",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* ClassCommands
    const queries = yield* Queries
    const inFull = yield* AcademyQueries
    return handlers.handleAll({
      create: ({ payload }) =>
        Effect.map(asProblem(commands.create(payload)), (made) => created(made, `/api/v1/classes/${made.id}`)),
      show: ({ params }) => Effect.map(asProblem(inFull.class(params.classId)), itself),
      edit: ({ headers, params, payload }) =>
        Effect.map(
          asProblem(Effect.flatMap(seen(headers), (its) => commands.edit(params.classId, payload, its))),
          (edited) => versioned(edited, edited.class)
        ),
      close: ({ params }) => Effect.map(asProblem(commands.close(params.classId)), itself),
      list: ({ query }) =>
        Effect.map(
          asProblem(queries.classes({ status: query.status, studentId: query.studentId }, pageOf(query))),
          (page) => many(page, Struct.omit(["studentIds"]))
        ),
      sessions: ({ params, query }) =>
        Effect.map(
          asProblem(queries.sessions(params.classId, { from: query.dateFrom, to: query.dateTo })),
          (items) => many({ items, next: null }, same)
        )
    })
  })
)

const attendances = HttpApiBuilder.group(
  Api,
  "attendances",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* AttendanceCommands
    const queries = yield* Queries
    return handlers.handleAll({
      request: ({ params }) =>
        Effect.map(
          asProblem(commands.request(params.sessionId)),
          (made) => created(made, `/api/v1/attendances/${made.id}`)
        ),
      confirm: ({ params, payload }) =>
        Effect.map(asProblem(commands.confirm(params.sessionId, payload.students)), one),
      refuse: ({ params, payload }) =>
        Effect.map(asProblem(commands.refuse(params.attendanceId, payload.reason)), itself),
      correct: ({ params, payload }) =>
        Effect.map(asProblem(commands.correct(params.attendanceId, payload.status, payload.reason)), itself),
      absences: ({ params }) => Effect.map(asProblem(queries.absences(params.sessionId)), one),
      history: ({ params }) => Effect.map(asProblem(queries.history(params.attendanceId)), one),
      ofClass: ({ params, query }) =>
        Effect.map(
          asProblem(queries.attendancesOfClass({ classId: params.classId, date: query.date }, pageOf(query))),
          (page) => many(page, same)
        ),
      ofStudent: ({ query }) =>
        Effect.map(
          asProblem(queries.attendancesOfStudent(
            { studentId: query.studentId, dateFrom: query.dateFrom, dateTo: query.dateTo },
            pageOf(query)
          )),
          (page) => many(page, same)
        )
    })
  })
)

const statistics = HttpApiBuilder.group(
  Api,
  "statistics",
  Effect.fnUntraced(function*(handlers) {
    const queries = yield* StatisticsQueries
    return handlers.handleAll({
      figures: ({ query }) => Effect.map(asProblem(queries.figures(query)), one),
      classDays: ({ query }) =>
        Effect.map(
          asProblem(queries.classDays(
            { classId: query.classId, dateFrom: query.dateFrom, dateTo: query.dateTo },
            pageOf(query)
          )),
          (page) => many(page, same)
        )
    })
  })
)

export const layer = Layer.mergeAll(
  Authentication.layer,
  Academies.layer,
  members,
  classes,
  attendances,
  statistics,
  Enrollments.layer,
  Leaves.layer,
  Registers.layer,
  Operations.layer,
  FailedEvents.layer,
  Notifications.layer,
  Exports.layer,
  MemberNotifications.layer,
  Channels.layer,
  Audits.layer,
  Imports.layer
)
