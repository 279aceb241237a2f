import { ByteSize, Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ImportKind, ImportProgress, ImportReport, limits } from "../../../domain/Import.ts"
import { Auth } from "./Auth.ts"
import { One } from "./Envelope.ts"
import { path } from "./ImportProblems.ts"
import { AnyProblem, problems } from "./Problem.ts"

/** Larger than other bodies may be. */
const File = HttpApiSchema.StreamUint8Array({ contentType: "text/csv", maxBytes: ByteSize.bytes(limits.bytes) })

const asked = {
  params: { kind: ImportKind },
  query: {
    /** `true`: only looks; the problems are the same. */
    dryRun: Schema.optionalKey(Schema.Literals(["true", "false"]))
  },
  payload: File,
  error: problems
}

const description =
  `A CSV file of up to 5 MiB and ${limits.lines} lines, in UTF-8 or CP949, with headings as in docs/import.md. ` +
  "All of it is imported, or nothing: 422 then lists every problem of every line."

/** Members and enrollments from files. */
export class ImportApi extends HttpApiGroup.make("imports").add(
  HttpApiEndpoint.post("run", "/:kind", { ...asked, success: One(ImportReport) })
    .annotate(OpenApi.Description, description),
  HttpApiEndpoint.post("watch", "/:kind/events", {
    ...asked,
    success: HttpApiSchema.StreamSse({
      events: Schema.Union([
        Schema.Struct({ event: Schema.Literal("progress"), data: Schema.fromJsonString(ImportProgress) }),
        Schema.Struct({ event: Schema.Literal("report"), data: Schema.fromJsonString(ImportReport) }),
        Schema.Struct({ event: Schema.Literal("problem"), data: Schema.fromJsonString(AnyProblem) })
      ])
    })
  }).annotate(
    OpenApi.Description,
    `${description} Answers while it goes on: \`progress\` again and again, at last \`report\` or \`problem\`.`
  )
).middleware(Auth).prefix(path) {}
