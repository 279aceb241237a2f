/** Loaded before AMS: it dies, as by `kill -9`, when it is about to answer whoever sends the header `x-die`. */
import { ServerResponse } from "node:http"

ServerResponse.prototype.writeHead = new Proxy(ServerResponse.prototype.writeHead, {
  apply: (writeHead, answer: ServerResponse, args) => {
    if (answer.req.headers["x-die"] !== undefined) process.kill(process.pid, "SIGKILL")
    return Reflect.apply(writeHead, answer, args)
  }
})
