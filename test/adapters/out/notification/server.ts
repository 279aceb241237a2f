/** A provider on a socket that answers as a test says, with a journal of what it was asked; and what is sent to it. */
import { DateTime, Duration, Effect } from "effect"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { createServer, type IncomingHttpHeaders } from "node:http"
import { text } from "node:stream/consumers"
import type { Limits } from "../../../../src/adapters/out/http/Client.ts"
import { NotificationChannel } from "../../../../src/domain/Channel.ts"
import { AcademyId, DispatchId, MemberId } from "../../../../src/domain/Ids.ts"
import { LocalDate } from "../../../../src/domain/LocalTime.ts"
import { render } from "../../../../src/domain/NotificationText.ts"
import { PhoneNumber } from "../../../../src/domain/PhoneNumber.ts"
import type { HandlerFailure } from "../../../../src/ports/EventHandler.ts"
import type { Dispatch } from "../../../../src/ports/NotificationPort.ts"

export interface Asked {
  /** As in `POST /messages/v4/groups`. */
  readonly call: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** In milliseconds. */
  readonly at: number
}

export type Reply =
  | "reset"
  | "hang"
  | {
    readonly status?: number
    readonly json?: unknown
    readonly text?: string
    readonly headers?: Record<string, string>
  }

/** `reply` is given how many requests came before. */
export const provider = (reply: (asked: Asked, before: number) => Reply) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const journal: Array<Asked> = []
      const server = createServer((request, response) => {
        void text(request).then((body) => {
          const asked = {
            call: `${request.method} ${request.url}`,
            headers: request.headers,
            body,
            at: performance.now()
          }
          const answer = reply(asked, journal.length)
          journal.push(asked)
          if (answer === "hang") return
          if (answer === "reset") return request.socket.resetAndDestroy()
          response.writeHead(answer.status ?? 200, answer.headers)
          response.end(answer.text ?? JSON.stringify(answer.json ?? {}))
        })
      }).listen(0, "127.0.0.1")
      await once(server, "listening")
      const address = server.address()
      return {
        server,
        journal,
        url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
      }
    }),
    ({ server }) =>
      Effect.promise(async () => {
        server.closeAllConnections()
        server.close()
        await once(server, "close")
      })
  )

/** `read` as short as it may be; the others end nothing here. */
export const limits: Limits = {
  connect: Duration.seconds(5),
  write: Duration.seconds(5),
  read: Duration.millis(300),
  total: Duration.seconds(20),
  connections: 10
}

const line = {
  kind: "CHECK_IN",
  studentName: "김민서",
  className: "수학",
  day: LocalDate.make("2026-11-27"),
  until: LocalDate.make("2026-11-27"),
  time: "16:00",
  status: "PRESENT",
  count: 0
} as const

export const at = DateTime.makeUnsafe("2026-11-27T07:00:00Z")

export const dispatch = (changed: Partial<Dispatch> = {}): Dispatch => ({
  id: DispatchId.make(randomUUID()),
  academyId: AcademyId.make(randomUUID()),
  channel: NotificationChannel.make("SMS"),
  recipientId: MemberId.make(randomUUID()),
  phone: PhoneNumber.make("+821012345678"),
  devices: [],
  sender: {
    from: PhoneNumber.make("+82212345678"),
    profile: "PF1",
    templateId: "TP1",
    templateOff: false,
    credentials: null
  },
  text: render("ko", "한빛학원", [line]),
  ...changed
})

/** Keeps keys in a list. */
export const keeper = () => {
  const kept: Array<string> = []
  const keep = (key: string): Effect.Effect<void, HandlerFailure> => Effect.sync(() => void kept.push(key))
  return { kept, keep }
}
