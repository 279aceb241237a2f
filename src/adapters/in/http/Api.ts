/** The contract: every endpoint of `/api/v1`, from which OpenAPI, the server and typed clients are made. */
import { HttpApi, OpenApi } from "effect/http-api"
import { AcademyApi } from "./AcademyApi.ts"
import { AttendanceApi } from "./AttendanceApi.ts"
import { AuthApi } from "./AuthApi.ts"
import { ClassApi } from "./ClassApi.ts"
import { MemberApi } from "./MemberApi.ts"
import { StatisticsApi } from "./StatisticsApi.ts"

export class Api extends HttpApi.make("ams")
  .add(AuthApi, AcademyApi, MemberApi, ClassApi, AttendanceApi, StatisticsApi)
  .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotate(OpenApi.Title, "AMS")
  .annotate(OpenApi.Version, "1.0.0")
  .annotate(
    OpenApi.Description,
    "Academy Management Service. Every answer is `{ data, meta }`; every error is `application/problem+json`."
  )
{}
