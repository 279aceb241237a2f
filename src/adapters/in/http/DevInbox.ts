/**
 * `/dev/inbox`: what parents' phones show, in development, with `/dev/inbox/events` for what comes while somebody looks.
 * `/dev/inbox.json` is the same for programs.
 */
import { Effect, Layer, Option, Schema, Stream, Struct } from "effect"
import { Sse } from "effect/encoding"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { Live, type TooManyStreams } from "../../../application/queries/Live.ts"
import { AcademyId } from "../../../domain/Ids.ts"
import { Inbox, type InboxMessage } from "../../../ports/Inbox.ts"
import type { StorageUnavailable } from "../../../ports/UnitOfWork.ts"
import { news } from "./devInbox/News.ts"
import * as Page from "./devInbox/Page.ts"
import { Problem503 } from "./Problem.ts"
import { asProblem } from "./Problems.ts"

const shown = 200
const parseAcademy = Schema.decodeUnknownOption(AcademyId)

/** Looks at the academy that the address names, else at all. */
const looking = Effect.gen(function*() {
  const request = yield* HttpServerRequest.HttpServerRequest
  const inbox = yield* Inbox
  const asked = parseAcademy(new URL(request.url, "http://localhost").searchParams.get("academyId"))
  const academy = Option.match(asked, { onNone: () => ({}), onSome: (academyId) => ({ academyId }) })
  return (since?: Date) => inbox.list({ limit: shown, ...academy, ...(since === undefined ? {} : { since }) })
})
const messages = Effect.flatMap(looking, (look) => look())

/** An event's data: messages as they stand in the page, newest first. */
const event = (list: ReadonlyArray<InboxMessage>) =>
  Sse.encoder.write({
    _tag: "Event",
    id: undefined,
    ...(list.length === 0
      ? { event: "heartbeat", data: "{}" }
      : { event: "messages", data: JSON.stringify(list.map(Page.item)) })
  })

const events = Effect.gen(function*() {
  const live = yield* Live
  const look = yield* looking
  const stream = yield* live.hold(news(yield* look(), look))
  return HttpServerResponse.stream(Stream.encodeText(Stream.map(stream, event)), { contentType: "text/event-stream" })
})

const json = Effect.map(
  messages,
  (list) => HttpServerResponse.jsonUnsafe({ data: list.map((one) => Struct.omit(one, ["name"])), meta: {} })
)

const page = ({ html, securityPolicy }: Page.Page) =>
  Effect.map(messages, (list) =>
    HttpServerResponse.text(html(list), {
      contentType: "text/html; charset=utf-8",
      headers: { "content-security-policy": securityPolicy }
    }))

/** The server and its database may have no room, or no time, for it now. */
const orUnavailable = <R>(
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, StorageUnavailable | TooManyStreams, R>
) =>
  Effect.catch(asProblem(handler), (problem) =>
    Effect.succeed(
      HttpServerResponse.jsonUnsafe(problem, {
        status: Problem503.fields.status.literal,
        contentType: "application/problem+json"
      })
    ))

export const layer = Layer.mergeAll(
  Layer.unwrap(Effect.map(Page.load, (loaded) => HttpRouter.add("GET", "/dev/inbox", orUnavailable(page(loaded))))),
  HttpRouter.add("GET", "/dev/inbox.json", orUnavailable(json)),
  HttpRouter.add("GET", "/dev/inbox/events", orUnavailable(events))
)
