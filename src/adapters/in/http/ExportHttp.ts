/** Files over HTTP: their names, their media types, and their bytes while they are written. */
import { Effect, Sink, Stream } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { type ExportedFile, Exports } from "../../../application/queries/Exports.ts"
import type { ExportFormat } from "../../../domain/Export.ts"
import type { CpuFailure } from "../../../ports/CpuPool.ts"
import { Api } from "./Api.ts"
import { mediaTypes } from "./ExportApi.ts"
import { asProblem } from "./Problems.ts"

/** With its first bytes made, so that what fails before them is a problem, and not an answer that breaks off. */
const begun = (bytes: Stream.Stream<Uint8Array, CpuFailure>) =>
  Effect.map(
    Stream.peel(bytes, Sink.take(1)),
    ([first, rest]) =>
      Stream.concat(
        Stream.fromIterable(first),
        Stream.tapError(rest, (error) => Effect.logError("an export broke off", error))
      )
  )

/** RFC 6266: the name as it is for who reads RFC 8187, and a plain one for the others. */
const attachment = (name: string, format: ExportFormat) => {
  const encoded = encodeURIComponent(name).replace(
    /['()*!]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
  )
  return `attachment; filename="export.${format}"; filename*=UTF-8''${encoded}`
}

/** A task that crashes is no condition of the caller's, but our defect: logged, and told as one. */
const answer = Effect.fnUntraced(function*({ bytes, name }: ExportedFile, format: ExportFormat) {
  return HttpApiSchema.withHeaders({
    body: yield* Effect.catchTag(begun(bytes), "TaskCrashed", Effect.die),
    headers: { "content-type": mediaTypes[format], "content-disposition": attachment(name, format) }
  })
})

export const layer = HttpApiBuilder.group(
  Api,
  "exports",
  Effect.fnUntraced(function*(handlers) {
    const exports = yield* Exports
    return handlers.handleAll({
      register: ({ params, query: { format } }) =>
        asProblem(Effect.flatMap(exports.register(params.sessionId, format), (file) => answer(file, format))),
      month: ({ params, query: { format } }) =>
        asProblem(Effect.flatMap(exports.month(params.classId, params.month, format), (file) => answer(file, format)))
    })
  })
)
