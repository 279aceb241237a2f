import { expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { connect } from "node:net"
import { becomes } from "../../../support/ams.ts"
import { Ams } from "../../../support/http.ts"
import { problemOf } from "./problem.ts"

layer(Ams.layer({ development: true, requestsAtOnce: 2 }), { excludeTestServices: true })("at its limit", (it) => {
  it.effect("tells who comes next to come again, answers who is inside, and goes on", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      /** A log-in whose body is not all there. */
      const slow = yield* Effect.replicateEffect(
        Effect.acquireRelease(
          Effect.sync(() => {
            const socket = connect(ams.port, "127.0.0.1")
            socket.write(
              "POST /api/v1/auth/login HTTP/1.1\r\nhost: ams\r\ncontent-type: application/json\r\ncontent-length: 40\r\n\r\n{"
            )
            return socket
          }),
          (socket) => Effect.sync(() => socket.destroy())
        ),
        2
      )
      const ask = ams.call("GET", "/api/v1/auth/me")
      yield* becomes(Effect.map(ask, ({ status }) => status), (status) => expect(status).toBe(503))
      const refused = yield* ask
      problemOf(refused, 503, "COMMON_BUSY")
      expect(refused.headers["retry-after"]).toBe("1")
      expect((yield* ams.call("GET", "/health/ready")).status).toBe(200)
      for (const socket of slow) socket.destroy()
      yield* becomes(Effect.map(ask, ({ status }) => status), (status) => expect(status).toBe(401))
    }))
})
