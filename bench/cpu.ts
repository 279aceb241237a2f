/** Processor time as the kernel counts it (Linux), which says more than a rate on a machine that others use too. */
import { readdirSync, readFileSync } from "node:fs"
import { query } from "./support.ts"

const ticksPerSecond = 100

const stat = (pid: number | string) => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number)
    const [, parent = 0] = fields
    return { parent, own: (fields[11] ?? 0) + (fields[12] ?? 0), ended: (fields[13] ?? 0) + (fields[14] ?? 0) }
  } catch {
    return { parent: 0, own: 0, ended: 0 }
  }
}

/** Seconds that a process has used so far. */
export const secondsOf = (pid: number): number => stat(pid).own / ticksPerSecond

export const postmasterOf = async (url: string): Promise<number> => {
  const [row] = await query(url, "select pg_backend_pid() as pid, pg_sleep(0.05)::text")
  const [again] = await query(url, "select pid from pg_stat_activity where backend_type = 'checkpointer'")
  return stat(again?.pid ?? row?.pid).parent
}

/** Seconds that PostgreSQL's processes have used so far, those that ended included. */
export const secondsOfServer = (postmaster: number): number => {
  const main = stat(postmaster)
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(stat).filter((one) =>
    one.parent === postmaster
  )
  return (main.own + main.ended + children.reduce((sum, one) => sum + one.own, 0)) / ticksPerSecond
}
