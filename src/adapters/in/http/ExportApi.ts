import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { ExportFormat } from "../../../domain/Export.ts"
import { ClassId, SessionId } from "../../../domain/Ids.ts"
import { Month } from "../../../domain/LocalTime.ts"
import { Auth } from "./Auth.ts"
import { problems } from "./Problem.ts"

export const mediaTypes: Readonly<Record<ExportFormat, string>> = {
  csv: "text/csv; charset=utf-8",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
}

/** The bytes of one of the formats, while they are written. */
const File = HttpApiSchema.WithHeaders(
  HttpApiSchema.StreamUint8Array({ contentType: Object.values(mediaTypes) }),
  { "content-type": Schema.String, "content-disposition": Schema.String }
)

export class ExportApi extends HttpApiGroup.make("exports").add(
  HttpApiEndpoint.get("register", "/sessions/:sessionId/register/export", {
    params: { sessionId: SessionId },
    query: { format: ExportFormat },
    success: File,
    error: problems
  }),
  HttpApiEndpoint.get("month", "/classes/:classId/months/:month/export", {
    params: { classId: ClassId, month: Month },
    query: { format: ExportFormat },
    success: File,
    error: problems
  })
).middleware(Auth).prefix("/api/v1") {}
