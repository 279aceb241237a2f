/** `/dev/inbox`: what parents' phones would show, in development. `/dev/inbox.json` is the same for programs. */
import { Effect, Layer, Option, Schema } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { AcademyId } from "../../../domain/Ids.ts"
import { Inbox, type InboxMessage } from "../../../ports/Inbox.ts"
import { Problem503 } from "./Problem.ts"
import { asProblem } from "./Problems.ts"

const shown = 200
const parseAcademy = Schema.decodeUnknownOption(AcademyId)

const messages = Effect.gen(function*() {
  const request = yield* HttpServerRequest.HttpServerRequest
  const inbox = yield* Inbox
  const asked = new URL(request.url, "http://localhost").searchParams.get("academyId")
  const academyId = parseAcademy(asked)
  return yield* inbox.list({ limit: shown, ...(Option.isSome(academyId) ? { academyId: academyId.value } : {}) })
})

const escape = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)

const phone = (message: InboxMessage) => `
    <article>
      <header><b>${escape(message.recipient)}</b><span>${
  escape(message.channel)
}</span><time>${message.at.toISOString()}</time></header>
      <p>${escape(message.body).replaceAll("\n", "<br>")}</p>
    </article>`

const page = (list: ReadonlyArray<InboxMessage>) =>
  `<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="3">
<title>AMS inbox</title><style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; background: #abc1d1; color: #222 }
  h1 { font-size: 1.2rem } article { background: #fff; border-radius: .8rem; padding: .7rem 1rem; margin: .7rem 0; box-shadow: 0 1px 2px #0002 }
  header { display: flex; gap: .8rem; font-size: .8rem; color: #555 } header b { color: #222 } time { margin-left: auto } p { margin: .3rem 0 0 }
</style></head><body><h1>What parents' phones show (sandbox)</h1>${
    list.length === 0
      ? "<p>Nothing yet. Confirm an attendance, or run <code>npm run demo</code>.</p>"
      : list.map(phone).join("")
  }</body></html>`

const unavailable = (problem: { readonly status: number }) =>
  HttpServerResponse.jsonUnsafe(problem, {
    status: Problem503.fields.status.literal,
    contentType: "application/problem+json"
  })

export const layer = Layer.mergeAll(
  HttpRouter.add(
    "GET",
    "/dev/inbox",
    asProblem(messages).pipe(
      Effect.map((list) => HttpServerResponse.text(page(list), { contentType: "text/html; charset=utf-8" })),
      Effect.catch((problem) => Effect.succeed(unavailable(problem)))
    )
  ),
  HttpRouter.add(
    "GET",
    "/dev/inbox.json",
    asProblem(messages).pipe(
      Effect.map((list) => HttpServerResponse.jsonUnsafe({ data: list, meta: {} })),
      Effect.catch((problem) => Effect.succeed(unavailable(problem)))
    )
  )
)
