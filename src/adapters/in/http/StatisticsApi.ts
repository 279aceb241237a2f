import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { ClassId } from "../../../domain/Ids.ts"
import { LocalDate } from "../../../domain/LocalTime.ts"
import { ClassDay } from "../../../domain/Statistics.ts"
import { Auth } from "./Auth.ts"
import { Many, paging } from "./Envelope.ts"
import { problems } from "./Problem.ts"

export class StatisticsApi extends HttpApiGroup.make("statistics").add(
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
