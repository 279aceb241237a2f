import { Schema, Struct } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Class, ClassChange, ClassStatus, NewClass } from "../../../domain/Class.ts"
import { ClassId, MemberId } from "../../../domain/Ids.ts"
import { LocalDate } from "../../../domain/LocalTime.ts"
import { ClassView } from "../../../domain/ReadModel.ts"
import { Session } from "../../../domain/Session.ts"
import { LeftAlone } from "./AcademyApi.ts"
import { Auth } from "./Auth.ts"
import { ifMatch } from "./Conditional.ts"
import { Body, Created, Many, paging, Versioned } from "./Envelope.ts"
import { problems } from "./Problem.ts"

/** Without the students' ids, which only say who may see it. */
export const ClassShown = ClassView.mapFields(Struct.omit(["studentIds"]))

export class ClassApi extends HttpApiGroup.make("classes").add(
  HttpApiEndpoint.post("create", "/", { payload: Body(NewClass), success: Created(Class), error: problems }),
  HttpApiEndpoint.get("list", "/", {
    query: { ...paging, status: Schema.optional(ClassStatus), studentId: Schema.optional(MemberId) },
    success: Many(ClassShown),
    error: problems
  }),
  HttpApiEndpoint.get("show", "/:classId", {
    params: { classId: ClassId },
    success: Versioned(Class),
    error: problems
  }),
  HttpApiEndpoint.patch("edit", "/:classId", {
    params: { classId: ClassId },
    headers: ifMatch,
    payload: Body(ClassChange),
    success: Versioned(Schema.Struct({ class: Class, ...LeftAlone })),
    error: problems
  }),
  HttpApiEndpoint.post("close", "/:classId/close", {
    params: { classId: ClassId },
    success: Versioned(Class),
    error: problems
  }),
  HttpApiEndpoint.get("sessions", "/:classId/sessions", {
    params: { classId: ClassId },
    query: { dateFrom: LocalDate, dateTo: LocalDate },
    success: Many(Session),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/classes") {}
