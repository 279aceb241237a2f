import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { once } from "node:events"
import { connect } from "node:net"
import { text } from "node:stream/consumers"
import { server } from "../../../../src/adapters/in/http/Server.ts"

const limits = { requestTimeout: 400, headersTimeout: 200, connectionsCheckingInterval: 20 }

/** What comes back from a server that waits for each request's whole body. */
const say = (first: string, drop: string) =>
  Effect.promise(async () => {
    const door = server(true, limits).on("request", (request, answer) => {
      request.resume().on("end", () => answer.end("heard"))
    }).listen(0, "127.0.0.1")
    await once(door, "listening")
    const address = door.address()
    const socket = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1")
    socket.on("error", () => {})
    socket.write(first)
    const dripping = setInterval(() => socket.write(drop), 30)
    const said = await text(socket)
    clearInterval(dripping)
    door.closeAllConnections()
    door.close()
    return said
  })

describe("a client that sends slowly", () => {
  it.live.each([
    ["its headers", "GET / HTTP/1.1\r\nhost: ams\r\n", "x: y\r\n"],
    ["its body", "POST / HTTP/1.1\r\nhost: ams\r\ncontent-length: 1000\r\n\r\n", "x"],
    ["its chunks", "POST / HTTP/1.1\r\nhost: ams\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n"],
    ["nothing after its headers", "POST / HTTP/1.1\r\nhost: ams\r\ncontent-length: 1000\r\n\r\n", ""]
  ])(
    "%s is told that its time is over, and loses its connection",
    ([, first = "", drop = ""]) =>
      Effect.map(say(first, drop), (said) => {
        assert.match(said, /^HTTP\/1\.1 408 Request Timeout\r\n/)
        assert.include(said, "\r\nconnection: close\r\n")
        assert.include(said, "\"errorCode\":\"COMMON_TIMEOUT\"")
        assert.include(said, "content-security-policy: default-src 'none'; frame-ancestors 'none'")
      })
  )

  it.live("a client that is quick enough is heard", () =>
    Effect.map(
      say("POST / HTTP/1.1\r\nhost: ams\r\nconnection: close\r\ncontent-length: 2\r\n\r\nx", "x"),
      (said) => assert.match(said, /^HTTP\/1\.1 200 OK\r\n[^]*heard$/)
    ))
})
