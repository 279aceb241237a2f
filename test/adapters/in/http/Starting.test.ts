import { expect, it } from "@effect/vitest"
import { once } from "node:events"
import { server } from "../../../../src/adapters/in/http/Server.ts"

it("whoever comes before the routes are built is told to come again, and after that the routes answer alone", async () => {
  const door = server().listen(0, "127.0.0.1")
  await once(door, "listening")
  const address = door.address()
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/health/ready`
  const early = await fetch(url)
  expect([early.status, early.headers.get("retry-after")]).toEqual([503, "1"])
  expect(await early.json()).toMatchObject({ errorCode: "COMMON_STARTING", status: 503 })
  door.on("request", (_, answer) => answer.end("here"))
  expect(await (await fetch(url)).text()).toBe("here")
  door.closeAllConnections()
  door.close()
})
