/** An open loop over HTTP: each call at its time, whatever became of those before. */
import { Agent } from "node:http"
import { type Press, press, type Server } from "./http.ts"

/** A phone gives up some time after AMS itself does (30 s). */
const patience = 40_000
/** Calls sent without a pause when they are late. */
const atOnce = 50

/** What became of a call. */
export interface Outcome {
  /** When it was answered, in ms from the beginning. */
  readonly at: number
  /** From the time at which it was offered, in ms. */
  readonly took: number
  /** Of HTTP, or what went wrong with the connection. */
  readonly status: number | string
}

export interface Offered {
  readonly outcomes: ReadonlyArray<Outcome>
  /** How late the calls were sent, in ms: more than some ms, and the load is what was measured. */
  readonly late: ReadonlyArray<number>
  /** Processor time of this process for each second of the load, in s. */
  readonly own: number
  /** Connections at the most; each phone has its own while it waits. */
  readonly connections: number
}

const codeOf = (error: unknown) =>
  error instanceof Error ? ("code" in error ? String(error.code) : error.message) : String(error)

/** `offered`: the last one has been sent, not answered. */
export const offer = async (
  servers: ReadonlyArray<Server>,
  presses: ReadonlyArray<Press>,
  rate: number,
  offered: () => void = () => {}
): Promise<Offered> => {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, timeout: patience })
  const outcomes: Array<Outcome> = []
  const late: Array<number> = []
  const under: Array<Promise<void>> = []
  const before = process.cpuUsage()
  const began = performance.now()
  let waiting = 0
  let most = 0
  const one = async (server: Server, what: Press, due: number) => {
    most = Math.max(most, ++waiting)
    const status = await press(agent, server, what).catch(codeOf)
    waiting--
    const now = performance.now()
    outcomes.push({ at: now - began, took: now - due, status })
  }
  for (const [n, what] of presses.entries()) {
    const due = began + (n * 1000) / rate
    const early = due - performance.now()
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    else if (n % atOnce === 0) await new Promise((resolve) => setImmediate(resolve))
    late.push(performance.now() - due)
    const server = servers[n % servers.length]
    if (server !== undefined) under.push(one(server, what, due))
  }
  const { system, user } = process.cpuUsage(before)
  const own = (user + system) / 1000 / (performance.now() - began)
  offered()
  await Promise.all(under)
  agent.destroy()
  return { outcomes, late, own, connections: most }
}
