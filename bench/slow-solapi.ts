/**
 * SOLAPI as far as sending needs it, and every answer takes `BENCH_ANSWER` ms; a process of its own. Tells its parent its
 * port, and on each message of it how many groups were sent, with the times (ms) of the first call and the last answer.
 */
import { createServer } from "node:http"

const answerMs = Number(process.env["BENCH_ANSWER"] ?? 100)
const seen = { sent: 0, first: 0, last: 0, underWay: 0, most: 0 }
let groups = 0

const answerTo = (path: string) => {
  const [, groupId = "", rest = ""] = /^\/messages\/v4\/groups\/([^/]+)(\/\w+)?$/.exec(path) ?? []
  const message = { messageId: `M${groupId}`, statusCode: "2000" }
  if (groupId === "") return { groupId: `G${++groups}`, status: "PENDING" }
  if (rest !== "/messages") return { groupId, status: "SENDING" }
  return { errorCount: "0", resultList: [message], messageList: { [message.messageId]: message } }
}

const server = createServer((request, response) => {
  const path = request.url ?? ""
  seen.first ||= performance.timeOrigin + performance.now()
  seen.most = Math.max(seen.most, ++seen.underWay)
  request.resume()
  setTimeout(() => {
    seen.underWay--
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answerTo(path)))
    if (!path.endsWith("/send")) return
    seen.sent++
    seen.last = performance.timeOrigin + performance.now()
  }, answerMs)
})
server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.send?.({ port: typeof address === "object" && address !== null ? address.port : 0 })
})
process.on("message", () => process.send?.(seen))
