/** A provider on a socket: reads a request, and answers it or does what the script says in the place of an answer. */
import { once } from "node:events"
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http"
import { text } from "node:stream/consumers"
import { setTimeout } from "node:timers/promises"
import type { Journal } from "./journal.ts"
import { type Fault, type Script, type Step, takesEffect } from "./script.ts"

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text goes out as it stands, everything else as JSON. */
  readonly body: unknown
}

/** One provider's protocol, without sockets. */
export interface Provider {
  readonly name: string
  /** `undefined` where there is no such end-point. */
  readonly stepOf: (method: string, path: string) => Step | undefined
  /** Whom a request is for, as far as its path and its body (empty when it was not read) tell. */
  readonly recipients: (path: string, body: string) => ReadonlyArray<string>
  /** Who may not ask is refused before anything else. */
  readonly refuses: (asked: Asked) => Answer | undefined
  readonly handle: (asked: Asked) => Answer | Promise<Answer>
  /** The body of an error that the script asks for. */
  readonly problem: (status: number) => unknown
}

/** The JSON of a body; `undefined` when it is none. */
export const jsonOf = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

const page = (status: number) =>
  `<html>\r\n<head><title>${status}</title></head>\r\n<body><center><h1>${status}</h1></center></body>\r\n</html>\r\n`

const bytesOf = ({ body }: Answer) => Buffer.from(typeof body === "string" ? body : JSON.stringify(body))

const write = (response: ServerResponse, answer: Answer, body: string | Buffer) =>
  response.writeHead(answer.status, {
    "content-type": typeof answer.body === "string" ? "text/plain" : "application/json; charset=utf-8",
    ...answer.headers
  }).end(body)

/** Listens on this port of 127.0.0.1 (0: any); `clock` gives milliseconds. */
export const serve = async (
  provider: Provider,
  { clock, journal, port, script }: {
    readonly script: Script
    readonly journal: Journal
    readonly clock: () => number
    readonly port: number
  }
) => {
  const ended = new AbortController()
  const { signal } = ended

  const slowly = async (response: ServerResponse, answer: Answer, fault: Extract<Fault, { kind: "slow" }>) => {
    const body = bytesOf(answer)
    await setTimeout(fault.headersMs ?? 0, undefined, { signal })
    if (fault.byteMs === undefined) return write(response, answer, body)
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers }).flushHeaders()
    for (const byte of body) {
      await setTimeout(fault.byteMs, undefined, { signal })
      if (response.destroyed) return
      response.write(Uint8Array.of(byte))
    }
    response.end()
  }

  /** What the client gets; the status, or `null` when none was sent. */
  const strike = async (
    request: IncomingMessage,
    response: ServerResponse,
    fault: Fault,
    answer: Answer | undefined
  ) => {
    switch (fault.kind) {
      case "unread":
      case "hang":
        return null
      case "reset":
        request.socket.resetAndDestroy()
        return null
      case "answer": {
        const headers = {
          ...(fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter }),
          ...(fault.html === true ? { "content-type": "text/html" } : {})
        }
        const body = fault.html === true ? page(fault.status) : provider.problem(fault.status)
        const error = { status: fault.status, headers, body }
        write(response, error, bytesOf(error))
        return fault.status
      }
      case "garbled": {
        const good = answer ?? { status: 200, body: {} }
        const body = bytesOf(good)
        if (fault.how === "empty") write(response, good, "")
        else if (fault.how === "malformed") write(response, good, "{\"groupId\": G4V, …")
        else {
          response.writeHead(good.status, { "content-type": "application/json", "content-length": body.length })
          response.write(body.subarray(0, Math.ceil(body.length / 2)), () => request.socket.destroy())
        }
        return good.status
      }
      case "slow": {
        const good = answer ?? { status: 200, body: {} }
        await slowly(response, good, fault)
        return good.status
      }
    }
  }

  const onRequest = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? "", "http://provider")
    const method = request.method ?? ""
    const note = journal.request({ provider: provider.name, method, path, at: clock() })
    const answered = (answer: Answer) => {
      note({ status: answer.status })
      write(response, answer, bytesOf(answer))
    }
    const step = provider.stepOf(method, path)
    if (step === undefined) return answered({ status: 404, body: provider.problem(404) })
    if (script.unread(step, provider.recipients(path, ""))) return note({ fault: { kind: "unread" } })
    const asked = { method, path, query, headers: request.headers, body: await text(request) }
    const refusal = provider.refuses(asked)
    if (refusal !== undefined) return answered(refusal)
    const fault = script.fault(step, provider.recipients(path, asked.body))
    if (fault === undefined) return answered(await provider.handle(asked))
    note({ fault })
    if (fault.kind === "slow") await setTimeout(fault.effectMs ?? 0, undefined, { signal })
    const answer = takesEffect(fault) ? await provider.handle(asked) : undefined
    note({ status: await strike(request, response, fault, answer) })
  }

  const server = createServer((request, response) => {
    onRequest(request, response).catch((error: unknown) => {
      // The client is gone, or the test is over; anything else is a mistake of the fake that a test has to see.
      if (signal.aborted || request.socket.destroyed || response.headersSent) return response.destroy()
      response.writeHead(500).end(`the fake provider failed: ${String(error)}`)
    })
  })
  // Longer than clients keep a connection: none is closed under a request by accident.
  server.keepAliveTimeout = 60_000

  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1")
    await once(server, "listening")
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : port
  }
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, "close")
    server.close()
    server.closeAllConnections()
    await closed
  }
  const bound = await listen(port)
  return {
    name: provider.name,
    url: `http://127.0.0.1:${bound}`,
    /** Refuses connections, and drops those that are open. */
    down: close,
    up: async () => {
      if (!server.listening) await listen(bound)
    },
    end: () => {
      ended.abort()
      return close()
    }
  }
}
export type Served = Awaited<ReturnType<typeof serve>>
