/** The contract: every endpoint of `/api/v1`, from which OpenAPI, the server and typed clients are made. */
import { HttpApi, OpenApi } from "effect/http-api"
import { AcademiesApi, AcademyApi } from "./AcademyApi.ts"
import { AttendanceApi } from "./AttendanceApi.ts"
import { AuditApi } from "./AuditApi.ts"
import { AuthApi } from "./AuthApi.ts"
import { ChannelApi } from "./ChannelApi.ts"
import { ClassApi } from "./ClassApi.ts"
import { document } from "./Documentation.ts"
import { EnrollmentApi } from "./EnrollmentApi.ts"
import { ExportApi } from "./ExportApi.ts"
import { FailedEventsApi } from "./FailedEventsApi.ts"
import { ImportApi } from "./ImportApi.ts"
import { LeaveApi } from "./LeaveApi.ts"
import { MemberApi } from "./MemberApi.ts"
import { MemberNotificationApi } from "./MemberNotificationApi.ts"
import { NotificationApi } from "./NotificationApi.ts"
import { OperationsApi } from "./OperationsApi.ts"
import { AnyProblem } from "./Problem.ts"
import { RegisterApi } from "./RegisterApi.ts"
import { SessionApi } from "./SessionApi.ts"
import { StatisticsApi } from "./StatisticsApi.ts"

/** Every mistake at once, and nothing that we would ignore. */
const strict = { onExcessProperty: "error", errors: "all" } as const

export class Api extends HttpApi.make("ams")
  .add(
    AuthApi,
    AcademiesApi,
    AcademyApi,
    MemberApi,
    ClassApi,
    SessionApi,
    RegisterApi,
    AttendanceApi,
    StatisticsApi,
    OperationsApi,
    FailedEventsApi,
    NotificationApi,
    ExportApi,
    EnrollmentApi,
    LeaveApi,
    MemberNotificationApi,
    ChannelApi,
    AuditApi,
    ImportApi
  )
  .annotate(HttpApi.PayloadParseOptions, strict)
  // A filter that we do not know would silently show everything.
  .annotate(HttpApi.QueryParseOptions, strict)
  .annotate(HttpApi.AdditionalSchemas, [AnyProblem])
  .annotate(OpenApi.Transform, document)
  .annotate(OpenApi.Title, "AMS")
  .annotate(OpenApi.Version, "1.0.0")
  .annotate(
    OpenApi.Description,
    "Academy Management Service. Every answer is `{ data, meta }` or a file; every error is `application/problem+json`. " +
      "A text is UTF-8 without NUL, U+FFFD and halves of surrogate pairs."
  )
{}
