import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { AnyId, ClassId } from "../../../domain/Ids.ts"
import { LocalDate } from "../../../domain/LocalTime.ts"
import { ClassDay, FigureRow, Span, Subject } from "../../../domain/Statistics.ts"
import { Auth } from "./Auth.ts"
import { Many, One, paging } from "./Envelope.ts"
import { problems } from "./Problem.ts"

export class StatisticsApi extends HttpApiGroup.make("statistics").add(
  HttpApiEndpoint.get("figures", "/", {
    query: { of: Subject, id: AnyId, by: Span, dateFrom: LocalDate, dateTo: LocalDate },
    success: One(Schema.Array(FigureRow)),
    error: problems
  }),
  HttpApiEndpoint.get("classDays", "/class-days", {
    query: {
      ...paging,
      classId: ClassId,
      dateFrom: Schema.optional(LocalDate),
      dateTo: Schema.optional(LocalDate)
    },
    success: Many(ClassDay),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/statistics") {}
