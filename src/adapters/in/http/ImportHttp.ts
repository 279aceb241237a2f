/** Files over HTTP: their bytes in, and what becomes of them, at the end or while it goes on. */
import { Effect, Queue, Stream } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { ImportCommands } from "../../../application/commands/ImportCommands.ts"
import type { ImportProgress, ImportReport } from "../../../domain/Import.ts"
import { Caller } from "../../../ports/Caller.ts"
import { Api } from "./Api.ts"
import { one } from "./Envelope.ts"
import { asProblem, bodyOf } from "./Problems.ts"

type Told =
  | { readonly event: "progress"; readonly data: ImportProgress }
  | { readonly event: "report"; readonly data: ImportReport }
  | { readonly event: "problem"; readonly data: Effect.Success<ReturnType<typeof bodyOf>> }

/** All of it; one that is too large is told as every other body that is. */
const whole = <E>(file: Stream.Stream<Uint8Array, E>) =>
  Effect.map(Effect.orDie(Stream.runCollect(file)), (chunks) => new Uint8Array(Buffer.concat(chunks)))

export const layer = HttpApiBuilder.group(
  Api,
  "imports",
  Effect.fnUntraced(function*(handlers) {
    const commands = yield* ImportCommands
    return handlers.handleAll({
      run: ({ params, payload, query }) =>
        asProblem(Effect.gen(function*() {
          const run = yield* commands.asMember(params.kind)
          const file = { bytes: yield* whole(payload), dryRun: query.dryRun === "true" }
          return one(yield* run(file, () => Effect.void))
        })),
      watch: ({ params, payload, query }) =>
        asProblem(Effect.gen(function*() {
          const run = yield* commands.asMember(params.kind)
          const file = { bytes: yield* whole(payload), dryRun: query.dryRun === "true" }
          const request = yield* HttpServerRequest.HttpServerRequest
          const caller = yield* Caller
          // The answer has begun by then: what goes wrong is told in it. Whoever goes away ends the import.
          return Stream.callback<Told>((queue) =>
            run(file, (data) => Queue.offer(queue, { event: "progress", data })).pipe(
              Effect.matchEffect({
                onSuccess: (data) => Queue.offer(queue, { event: "report", data }),
                onFailure: (condition) =>
                  Effect.flatMap(bodyOf(condition), (data) => Queue.offer(queue, { event: "problem", data }))
              }),
              Effect.provideService(HttpServerRequest.HttpServerRequest, request),
              Effect.provideService(Caller, caller),
              Effect.andThen(Queue.end(queue))
            )
          )
        }))
    })
  })
)
