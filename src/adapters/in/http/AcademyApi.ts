import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Academy, AcademyChange, Holiday, NewAcademy } from "../../../domain/Academy.ts"
import { Classroom, NewClassroom } from "../../../domain/Classroom.ts"
import { ClassroomId } from "../../../domain/Ids.ts"
import { LocalDate } from "../../../domain/LocalTime.ts"
import { Session } from "../../../domain/Session.ts"
import { Auth } from "./Auth.ts"
import { ifMatch } from "./Conditional.ts"
import { Body, Created, Many, One, Versioned } from "./Envelope.ts"
import { problems } from "./Problem.ts"

export class AcademiesApi extends HttpApiGroup.make("academies").add(
  HttpApiEndpoint.post("create", "/", { payload: Body(NewAcademy), success: Created(Academy), error: problems })
).middleware(Auth).prefix("/api/v1/academies") {}

/** Sessions to come that somebody had touched, and which stay as they are. */
export const LeftAlone = { leftAlone: Schema.Array(Session) }

/** The academy of the one who asks; an administrator names it. */
export class AcademyApi extends HttpApiGroup.make("academy").add(
  HttpApiEndpoint.get("show", "/", { success: Versioned(Academy), error: problems }),
  HttpApiEndpoint.patch("change", "/", {
    headers: ifMatch,
    payload: Body(AcademyChange),
    success: Versioned(Schema.Struct({ academy: Academy, ...LeftAlone })),
    error: problems
  }),
  HttpApiEndpoint.get("holidays", "/holidays", {
    query: { dateFrom: Schema.optional(LocalDate) },
    success: Many(Holiday),
    error: problems
  }),
  HttpApiEndpoint.put("putHoliday", "/holidays/:date", {
    params: { date: LocalDate },
    payload: Body(Schema.Struct({ name: Holiday.fields.name })),
    success: One(Schema.Struct({ holiday: Holiday, ...LeftAlone })),
    error: problems
  }),
  HttpApiEndpoint.delete("removeHoliday", "/holidays/:date", {
    params: { date: LocalDate },
    success: One(Schema.Struct({ date: LocalDate })),
    error: problems
  }),
  HttpApiEndpoint.get("classrooms", "/classrooms", { success: Many(Classroom), error: problems }),
  HttpApiEndpoint.post("addClassroom", "/classrooms", {
    payload: Body(NewClassroom),
    success: Created(Classroom),
    error: problems
  }),
  HttpApiEndpoint.get("classroom", "/classrooms/:classroomId", {
    params: { classroomId: ClassroomId },
    success: Versioned(Classroom),
    error: problems
  }),
  HttpApiEndpoint.put("changeClassroom", "/classrooms/:classroomId", {
    params: { classroomId: ClassroomId },
    headers: ifMatch,
    payload: Body(NewClassroom),
    success: Versioned(Classroom),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/academy") {}
