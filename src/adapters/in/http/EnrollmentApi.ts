import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Enrollment, NewEnrollment, Waiting } from "../../../domain/Enrollment.ts"
import { ClassId, EnrollmentId, MemberId, WaitingId } from "../../../domain/Ids.ts"
import { LocalDate } from "../../../domain/LocalTime.ts"
import { Auth } from "./Auth.ts"
import { Body, Created, cursorOf, Many, One, paging, Versioned } from "./Envelope.ts"
import { problems } from "./Problem.ts"

const params = { classId: ClassId }
const named = { studentName: Schema.String }

export class EnrollmentApi extends HttpApiGroup.make("enrollments").add(
  HttpApiEndpoint.post("enroll", "/:classId/enrollments", {
    params,
    payload: Body(NewEnrollment),
    success: Created(Enrollment),
    error: problems
  }),
  HttpApiEndpoint.get("list", "/:classId/enrollments", {
    params,
    query: { limit: paging.limit, cursor: cursorOf(EnrollmentId) },
    success: Many(Schema.Struct({ ...Enrollment.fields, ...named })),
    error: problems
  }),
  HttpApiEndpoint.get("show", "/:classId/enrollments/:enrollmentId", {
    params: { ...params, enrollmentId: EnrollmentId },
    success: Versioned(Enrollment),
    error: problems
  }),
  HttpApiEndpoint.post("cancel", "/:classId/enrollments/:enrollmentId/cancel", {
    params: { ...params, enrollmentId: EnrollmentId },
    /** Left out: yesterday at the academy. */
    payload: Body(Schema.Struct({ lastDay: Schema.optionalKey(LocalDate) })),
    success: Versioned(Enrollment),
    error: problems
  }),
  HttpApiEndpoint.post("wait", "/:classId/waiting", {
    params,
    payload: Body(Schema.Struct({ studentId: MemberId })),
    success: Created(Waiting),
    error: problems
  }),
  HttpApiEndpoint.get("waiting", "/:classId/waiting", {
    params,
    query: { limit: paging.limit, cursor: cursorOf(WaitingId) },
    success: Many(Schema.Struct({ ...Waiting.fields, ...named })),
    error: problems
  }),
  // Answers what was taken off the list.
  HttpApiEndpoint.delete("stopWaiting", "/:classId/waiting/:waitingId", {
    params: { ...params, waitingId: WaitingId },
    success: One(Waiting),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/classes") {}
