import { Schema, Struct } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { ClassId, MemberId, SessionId } from "../../../domain/Ids.ts"
import { LocalDate, Month } from "../../../domain/LocalTime.ts"
import { Told } from "../../../domain/Notification.ts"
import { AcademySessions, ClassMonth, Register, SessionListed } from "../../../domain/Register.ts"
import { Auth } from "./Auth.ts"
import { Many, One, pagingBy } from "./Envelope.ts"
import { problems } from "./Problem.ts"

/** Without the students' ids, which only say who may see it. */
const RegisterShown = Register.mapFields(Struct.omit(["studentIds"]))

/** Where a list of sessions goes on: at a start, and behind an id. */
const place = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\/[0-9a-f-]{36}$/

/** Server-sent events: first a `snapshot`, another one whenever it has changed, between them a `heartbeat`. */
const Snapshots = <S extends Schema.Top>(data: S) =>
  HttpApiSchema.StreamSse({
    events: Schema.Union([
      Schema.Struct({ event: Schema.Literal("snapshot"), data: Schema.fromJsonString(data) }),
      Schema.Struct({ event: Schema.Literal("heartbeat"), data: Schema.fromJsonString(Schema.Struct({})) })
    ])
  })

/** Sessions as they are lived: lists of a day, registers, months, and the streams of those who watch. */
export class RegisterApi extends HttpApiGroup.make("registers").add(
  HttpApiEndpoint.get("ofDay", "/sessions", {
    query: { ...pagingBy(place), date: Schema.optional(LocalDate), studentId: Schema.optional(MemberId) },
    success: Many(SessionListed),
    error: problems
  }),
  HttpApiEndpoint.get("show", "/sessions/:sessionId/register", {
    params: { sessionId: SessionId },
    success: One(Schema.Struct({ ...RegisterShown.fields, told: Schema.Array(Told) })),
    error: problems
  }),
  HttpApiEndpoint.get("events", "/sessions/:sessionId/register/events", {
    params: { sessionId: SessionId },
    success: Snapshots(RegisterShown),
    error: problems
  }),
  HttpApiEndpoint.get("dayEvents", "/academy/day/events", { success: Snapshots(AcademySessions), error: problems }),
  HttpApiEndpoint.get("month", "/classes/:classId/months/:month", {
    params: { classId: ClassId, month: Month },
    success: One(ClassMonth),
    error: problems
  })
).middleware(Auth).prefix("/api/v1") {}
