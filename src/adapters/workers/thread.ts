/** The beginning of each thread: it steps back, and only then loads what it shall do, which takes longer than many a task. */
import { readlinkSync } from "node:fs"
import { setPriority } from "node:os"
import { workerData } from "node:worker_threads"

/**
 * Lets the thread that answers go first. Under Linux each thread has a nice value of its own; elsewhere it is the process's,
 * and all stay as they are. 5 is about a quarter of a busy core, and all of one that nobody else wants
 * (`npm run bench -- access`).
 */
const niceness = 5

if (process.platform === "linux") {
  const [, , thread] = readlinkSync("/proc/thread-self").split("/")
  setPriority(Number(thread), niceness)
}

await import(String(workerData))
