/** What can go wrong between two machines, on sockets: which phase is told, and whether the request may have arrived. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Option, type Scope } from "effect"
import { Headers, HttpClientRequest } from "effect/http"
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { Worker } from "node:worker_threads"
import * as Client from "../../../../src/adapters/out/http/Client.ts"
import { freePort } from "../../../support/ams.ts"

/** As short as they may be without failing a slow machine that does answer. */
const quick: Client.Limits = {
  connect: Duration.millis(300),
  write: Duration.millis(200),
  read: Duration.millis(300),
  total: Duration.seconds(10),
  connections: 4
}

interface Peer {
  readonly port: number
  readonly url: string
  /** Those that stand now. */
  readonly open: ReadonlySet<Socket>
  /** Ends when none stands any more. */
  readonly left: Effect.Effect<void>
}

/** A server that does with each connection what it is told. Nothing is read before `speak` says so. */
const peer = (speak: (socket: Socket) => void): Effect.Effect<Peer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const open = new Set<Socket>()
      const server = createServer({ pauseOnConnect: true }, (socket) => {
        open.add(socket)
        // A reset is what some of the tests are about.
        socket.on("error", () => undefined).on("close", () => open.delete(socket))
        speak(socket)
      }).listen(0, "127.0.0.1")
      await once(server, "listening")
      const address = server.address()
      return { server, open, port: typeof address === "object" && address !== null ? address.port : 0 }
    }),
    ({ open, server }) =>
      Effect.promise(async () => {
        for (const socket of open) socket.destroy()
        server.close()
        await once(server, "close")
      })
  ).pipe(
    Effect.map(({ open, port }) => ({
      port,
      url: `http://127.0.0.1:${port}/s3cret`,
      open,
      left: Effect.promise(async () => {
        for (const socket of open) {
          // Its end is only seen by whoever reads.
          socket.resume()
          await new Promise((resolve) => socket.once("close", resolve))
        }
      })
    }))
  )

/** A server that answers each request with these bytes; then goes on as it is told. */
const answering = (head: string, then: (socket: Socket) => void = () => undefined) =>
  peer((socket) =>
    socket.on("data", () => {
      socket.write(head)
      then(socket)
    }).resume()
  )

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
const begun = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"

/** A port that takes part in handshakes until its backlog is full, and never accepts. */
const deaf = Effect.gen(function*() {
  const worker = yield* Effect.acquireRelease(
    Effect.sync(() =>
      new Worker(
        `const { parentPort } = require("node:worker_threads")
        const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
          parentPort.postMessage(server.address().port)
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
        })`,
        { eval: true }
      )
    ),
    (worker) => Effect.promise(() => worker.terminate())
  )
  const [port] = yield* Effect.promise(() => once(worker, "message"))
  yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const sockets = Array.from({ length: 8 }, () => connect(port, "127.0.0.1").on("error", () => undefined))
      // The rest are not let in.
      await Promise.race(sockets.map((socket) => once(socket, "connect")))
      return sockets
    }),
    (sockets) => Effect.sync(() => sockets.forEach((socket) => socket.destroy()))
  )
  return `http://127.0.0.1:${port}/`
})

const post = (url: string, bytes = 2) =>
  HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUint8Array(new Uint8Array(bytes)))

/** How an exchange with this address fails. */
const failing = Effect.fnUntraced(function*(
  request: HttpClientRequest.HttpClientRequest,
  changed: Partial<Client.Limits> = {}
) {
  const exchange = yield* Client.make({ ...quick, ...changed })
  return yield* Effect.flip(exchange(request, Client.whole))
})

const endsIn = ({ message, phase, surelyNotSent }: Client.Unanswered, expected: Client.Phase, unsent: boolean) => {
  assert.deepStrictEqual({ phase, surelyNotSent }, { phase: expected, surelyNotSent: unsent }, message)
  assert.isNotEmpty(message)
  assert.notInclude(message, "s3cret")
}

describe("an exchange", () => {
  it.live("gives the answer, whatever its status; a redirect is one as well", () =>
    Effect.gen(function*() {
      const { open, url } = yield* answering(
        "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 3\r\n\r\n가"
      )
      const exchange = yield* Client.make(quick)
      const { headers, status, text } = yield* exchange(post(url), Client.whole)
      assert.strictEqual(status, 302)
      assert.strictEqual(text, "가")
      assert.strictEqual(headers["location"], "/elsewhere")
      assert.strictEqual(open.size, 1)
    }))

  it.live("tells the other side nothing of our traces", () =>
    Effect.gen(function*() {
      let head = ""
      const { url } = yield* peer((socket) =>
        socket.on("data", (bytes) => {
          head += String(bytes)
          socket.write(ok)
        }).resume()
      )
      const exchange = yield* Client.make(quick)
      yield* Effect.withSpan(exchange(post(url), Client.whole), "telling")
      assert.include(head, "POST /s3cret")
      assert.notMatch(head, /trace|b3|baggage/i)
    }))
})

describe("an exchange that certainly did not reach the other side ends", () => {
  it.live("in connect, when nobody accepts", () =>
    Effect.gen(function*() {
      endsIn(yield* failing(post(yield* deaf)), "connect", true)
    }))

  it.live("in connect, when nobody answers to TLS", () =>
    Effect.gen(function*() {
      const { port } = yield* peer((socket) => socket.resume())
      endsIn(yield* failing(post(`https://127.0.0.1:${port}/s3cret`)), "connect", true)
    }))

  it.live("as refused, when nothing listens", () =>
    Effect.gen(function*() {
      endsIn(yield* failing(post(`http://127.0.0.1:${yield* freePort}/s3cret`)), "refused", true)
    }))

  it.live("in dns, when there is no such name", () =>
    Effect.gen(function*() {
      // Longer than a name may be: found out without asking anybody.
      endsIn(
        yield* failing(post(`http://${"a".repeat(64)}.invalid/s3cret`), { connect: Duration.seconds(5) }),
        "dns",
        true
      )
    }))

  it.live("in tls, when the other side does not speak it", () =>
    Effect.gen(function*() {
      const { port } = yield* answering("HTTP/1.1 400 Bad Request\r\n\r\n")
      endsIn(yield* failing(post(`https://127.0.0.1:${port}/s3cret`), { connect: Duration.seconds(5) }), "tls", true)
    }))

  it.live("as a request that cannot be written down", () =>
    Effect.gen(function*() {
      const { url } = yield* answering(ok)
      endsIn(yield* failing(HttpClientRequest.setHeader(post(url), "x-key", "two\nlines")), "request", true)
      endsIn(yield* failing(post("nowhere")), "request", true)
    }))

  it.live("as busy, when all connections are in use for too long", () =>
    Effect.gen(function*() {
      const { url } = yield* answering(ok)
      const exchange = yield* Client.make({ ...quick, total: Duration.millis(300), connections: 1 })
      const [begun, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      // Nothing stops it until it has its end.
      const reading = Effect.uninterruptible(
        Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(end))
      )
      yield* Effect.forkScoped(exchange(post(url), () => reading))
      yield* Deferred.await(begun)
      endsIn(yield* Effect.flip(exchange(post(url), Client.whole)), "busy", true)
      yield* Deferred.succeed(end, undefined)
    }))
})

describe("an exchange that may have reached the other side ends", () => {
  it.live("in write, when a long request is not taken", () =>
    Effect.gen(function*() {
      const { url } = yield* peer(() => undefined)
      endsIn(yield* failing(post(url, 16 * 1024 * 1024), { read: Duration.seconds(9) }), "write", false)
    }))

  it.live("but not in write, when a long request is taken slowly", () =>
    Effect.gen(function*() {
      const bytes = 16 * 1024 * 1024
      let taken = 0
      const { url } = yield* peer((socket) => {
        const begun = performance.now()
        const timer = setInterval(() => {
          // 8 MiB a second, so that the whole takes twice the limit.
          const due = (performance.now() - begun) * 8 * 1024 * 1.024
          for (let some: unknown = ""; some !== null && taken < due; taken += Buffer.isBuffer(some) ? some.length : 0) {
            some = socket.read()
          }
          if (taken > bytes) socket.write(ok)
        }, 5)
        socket.on("close", () => clearInterval(timer))
      })
      const exchange = yield* Client.make({ ...quick, write: Duration.seconds(1), read: Duration.seconds(9) })
      const begun = performance.now()
      const { status } = yield* exchange(post(url, bytes), Client.whole)
      assert.isAbove(performance.now() - begun, 1500)
      assert.strictEqual(status, 200)
    }))

  it.live("in read, when no answer comes", () =>
    Effect.gen(function*() {
      const { url } = yield* peer((socket) => socket.resume())
      endsIn(yield* failing(post(url)), "read", false)
    }))

  it.live("in read, when the answer stops in the middle", () =>
    Effect.gen(function*() {
      const { url } = yield* answering(`${begun}some`)
      endsIn(yield* failing(post(url)), "read", false)
    }))

  it.live("in total, when the answer drips for ever", () =>
    Effect.gen(function*() {
      const { left, url } = yield* answering(begun, (socket) => {
        const timer = setInterval(() => socket.write("."), 20)
        socket.on("close", () => clearInterval(timer))
      })
      endsIn(yield* failing(post(url), { total: Duration.millis(500) }), "total", false)
      yield* left
    }))

  it.live.each<readonly [string, (socket: Socket) => void]>([
    ["before it read anything", (socket) => void setTimeout(() => socket.resetAndDestroy(), 50)],
    ["after it read the request", (socket) => socket.on("data", () => socket.resetAndDestroy()).resume()],
    [
      "in the middle of the answer",
      (socket) => socket.on("data", () => socket.write(`${begun}some`, () => socket.resetAndDestroy())).resume()
    ],
    ["by closing in the middle of the answer", (socket) => socket.on("data", () => socket.end(`${begun}some`)).resume()]
  ])("as a reset, when the other side ends it %s", ([, speak]) =>
    Effect.gen(function*() {
      const { url } = yield* peer(speak)
      endsIn(yield* failing(post(url)), "reset", false)
    }))

  it.live("as an answer, when it is too long", () =>
    Effect.gen(function*() {
      const { left, url } = yield* answering(begun, (socket) => socket.write("a".repeat(300 * 1024)))
      endsIn(yield* failing(post(url)), "answer", false)
      yield* left
    }))

  it.live("as an answer, when it is not HTTP", () =>
    Effect.gen(function*() {
      const { url } = yield* answering("SSH-2.0-OpenSSH_9.6\r\n")
      endsIn(yield* failing(post(url)), "answer", false)
    }))
})

describe("connections", () => {
  it.live("are closed when the total is over, and the next exchange has one", () =>
    Effect.gen(function*() {
      let hangs = true
      const { left, open, url } = yield* peer((socket) =>
        socket.on("data", () => {
          if (!hangs) socket.write(ok)
        }).resume()
      )
      const limits = { ...quick, read: Duration.seconds(9), total: Duration.millis(300), connections: 1 }
      const exchange = yield* Client.make(limits)
      endsIn(yield* Effect.flip(exchange(post(url), Client.whole)), "total", false)
      yield* left
      assert.strictEqual(open.size, 0)
      hangs = false
      assert.strictEqual((yield* exchange(post(url), Client.whole)).status, 200)
    }))

  it.live("are closed when not all of the answer is read", () =>
    Effect.gen(function*() {
      const { left, url } = yield* answering(`${begun}some`)
      const exchange = yield* Client.make({ ...quick, read: Duration.minutes(1) })
      assert.strictEqual(yield* exchange(post(url), ({ status }) => Effect.succeed(status)), 200)
      // Left to itself, the client ends it after some seconds.
      yield* Effect.timeout(left, "3 seconds")
    }))

  it.live("of one client are not used up by another one's stuck peer", () =>
    Effect.gen(function*() {
      const stuck = yield* peer((socket) => socket.resume())
      const well = yield* answering(ok)
      const limits = { ...quick, read: Duration.seconds(9), total: Duration.seconds(9), connections: 1 }
      const [theirs, ours] = [yield* Client.make(limits), yield* Client.make(limits)]
      yield* Effect.forkScoped(
        Effect.forEach([1, 2, 3], () => theirs(post(stuck.url), Client.whole), { concurrency: 3 })
      )
      assert.strictEqual((yield* ours(post(well.url), Client.whole)).text, "ok")
    }))

  it.live("are used again", () =>
    Effect.gen(function*() {
      let connections = 0
      const { url } = yield* peer((socket) => {
        connections++
        socket.on("data", () => socket.write(ok)).resume()
      })
      const exchange = yield* Client.make(quick)
      for (let exchanges = 0; exchanges < 6; exchanges++) yield* exchange(post(url), Client.whole)
      // One rests for a moment when the next request is there already.
      assert.isAtMost(connections, 2)
    }))
})

describe("Retry-After", () => {
  const now = Date.parse("2026-11-27T07:00:00Z")
  it.each([
    ["2", 2000],
    ["Fri, 27 Nov 2026 07:00:05 GMT", 5000],
    ["Fri, 27 Nov 2026 06:00:00 GMT", 0],
    ["soon", undefined],
    ["-1", undefined]
  ])("%s", (header, millis) => {
    const asked = Client.retryAfter(Headers.fromInput({ "retry-after": header }), now)
    assert.strictEqual(Option.getOrUndefined(Option.map(asked, Duration.toMillis)), millis)
  })
})
