/** A connection that hangs: a proxy in front of PostgreSQL that can stop passing anything on, without closing anything. */
import { Effect } from "effect"
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

export interface Proxy {
  /** The address with the proxy in front of it. */
  readonly url: string
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
}

export const proxyTo = (url: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const behind = new URL(url)
      const sockets = new Set<Socket>()
      let frozen = false
      const server = createServer((client) => {
        const upstream = connect(Number(behind.port), behind.hostname)
        for (const [from, to] of [[client, upstream], [upstream, client]] as const) {
          sockets.add(from)
          from.on("data", (chunk) => to.write(chunk))
          from.on("error", () => to.destroy())
          from.on("close", () => {
            sockets.delete(from)
            to.destroy()
          })
          if (frozen) from.pause()
        }
      }).listen(0, "127.0.0.1")
      await once(server, "listening")
      const address = server.address()
      const front = new URL(url)
      front.hostname = "127.0.0.1"
      front.port = String(typeof address === "object" && address !== null ? address.port : 0)
      const proxy: Proxy = {
        url: front.toString(),
        freeze: Effect.sync(() => {
          frozen = true
          for (const socket of sockets) socket.pause()
        }),
        thaw: Effect.sync(() => {
          frozen = false
          for (const socket of sockets) socket.resume()
        })
      }
      return { proxy, server, sockets }
    }),
    ({ server, sockets }) =>
      Effect.sync(() => {
        server.close()
        for (const socket of sockets) socket.destroy()
      })
  ).pipe(Effect.map(({ proxy }) => proxy))
