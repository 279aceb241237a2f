/**
 * Several processes in one: each has its own queue of tasks, and chance says whose turn it is. So a process can be
 * stopped, its tasks wait, and killed, its tasks are gone: no finalizer runs, just as after `kill -9`.
 */
import { Clock, Effect, type Fiber, type Scheduler } from "effect"
import type { TestClock } from "effect/testing"
import type { Chance } from "./Chance.ts"

export class Process {
  readonly number: number
  private tasks: Array<() => void> = []
  private is: "running" | "stopped" | "dead" = "running"
  /** Runs the fibers of this process, one task after the other. */
  readonly scheduler: Scheduler.Scheduler = {
    executionMode: "async",
    shouldYield: (fiber) => fiber.currentOpCount >= fiber.cache.maxOpsBeforeYield,
    makeDispatcher: () => ({ scheduleTask: (task) => this.enqueue(task), flush: () => {} })
  }

  constructor(number: number) {
    this.number = number
  }

  /** What comes from outside, such as the database's answer, is a task too. */
  enqueue(task: () => void): void {
    if (this.is !== "dead") this.tasks.push(task)
  }

  get isRunnable(): boolean {
    return this.is === "running" && this.tasks.length > 0
  }
  get isDead(): boolean {
    return this.is === "dead"
  }
  get isStopped(): boolean {
    return this.is === "stopped"
  }

  turn(): void {
    this.tasks.shift()?.()
  }

  /** SIGSTOP. */
  stop(): void {
    if (this.is === "running") this.is = "stopped"
  }
  /** SIGCONT. */
  go(): void {
    if (this.is === "stopped") this.is = "running"
  }
  /** SIGKILL. */
  kill(): void {
    this.is = "dead"
    this.tasks = []
  }

  /** The one clock; what it wakes goes on when it is this process's turn. */
  clock(clock: TestClock.TestClock): Clock.Clock {
    return { ...clock, sleep: (duration) => Effect.andThen(clock.sleep(duration), Effect.yieldNow) }
  }
}

export class Machine {
  private readonly chance: Chance
  private readonly processes: Array<Process> = []
  /** Time, the database and whoever does things to the processes: its turn comes when none of them has anything to do. */
  readonly outside = new Process(0)

  constructor(chance: Chance) {
    this.chance = chance
  }

  start(): Process {
    const process = new Process(this.processes.length + 1)
    this.processes.push(process)
    return process
  }

  /** Runs everybody until this fiber of the outside has ended. */
  runUntil(ended: Fiber.Fiber<unknown, unknown>): void {
    while (ended.pollUnsafe() === undefined) {
      const ready = this.processes.filter((process) => process.isRunnable)
      const next = ready.length > 1 ? ready[this.chance.int(0, ready.length - 1)] : ready[0]
      if (next !== undefined) next.turn()
      else if (this.outside.isRunnable) this.outside.turn()
      else throw new Error("everybody waits for something that never comes")
    }
  }
}
