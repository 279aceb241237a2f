/**
 * The load: commands over HTTP at their moments, whether or not earlier ones are answered, to processes that run. Who
 * gets no answer presses again, as people do. Everything sent is remembered, for the ledger.
 */
import { NodeCrypto } from "@effect/platform-node"
import { Clock, Duration, Effect, FiberSet, Layer, Redacted, Schema } from "effect"
import * as Jwt from "../../src/adapters/out/security/JwtTokens.ts"
import type { AcademyId, MemberId } from "../../src/domain/Ids.ts"
import { Tokens } from "../../src/ports/Tokens.ts"
import { loginOf } from "../support/logins.ts"
import { type Answer, call, makeAgent } from "./Http.ts"
import type { Command } from "./Steps.ts"
import type { Lesson } from "./World.ts"

/** `unknown`: no answer, or that something was unavailable. `unsent`: nobody took the connection. */
export type Outcome = "committed" | "refused" | "unknown" | "unsent"

export interface Sent {
  readonly kind: Command["kind"]
  readonly trace: string
  readonly node: number
  /** Milliseconds from the beginning at which it was sent, and until its answer. */
  readonly at: number
  readonly took: number
  readonly outcome: Outcome
  readonly status: number | undefined
  /** Why there was no answer. */
  readonly why: string | undefined
  /** The attendances that the answer showed. */
  readonly shown: ReadonlyArray<{ readonly id: string; readonly version: number }>
}

/** The processes that take commands now. */
export type Running = () => ReadonlyArray<{ readonly node: number; readonly port: number }>

/** How often somebody presses again, and after how many ms, doubling. */
const presses = 4
const pressAgainAfter = 500
/** More are not under way at once: the driver must not be what breaks. */
const mostUnderWay = 800

const Shown = Schema.Struct({ id: Schema.String, studentId: Schema.String, version: Schema.Finite })
const One = Schema.Struct({ data: Shown })
const Many = Schema.Struct({ data: Schema.Array(Shown) })
const isOne = Schema.is(One)
const isMany = Schema.is(Many)

const outcomeOf = (answer: Answer): Outcome => {
  if (answer._tag === "Unsent") return "unsent"
  if (answer._tag === "Lost" || answer.status >= 500) return "unknown"
  return answer.status < 300 ? "committed" : "refused"
}

/** Tokens that the processes take, each used for two thirds of its life. */
const issuer = Effect.fnUntraced(function*(key: Redacted.Redacted) {
  const tokens = yield* Effect.provide(Tokens, Layer.provide(Jwt.layer(key), NodeCrypto.layer))
  const known = new Map<string, { readonly token: string; readonly until: number }>()
  return Effect.fnUntraced(function*(memberId: MemberId, academyId: AcademyId) {
    const now = yield* Clock.currentTimeMillis
    const had = known.get(memberId)
    if (had !== undefined && had.until > now) return had.token
    const { expiresIn, token } = yield* tokens.issue({ memberId, academyId, sessionId: loginOf(memberId) })
    const fresh = { token: Redacted.value(token), until: now + (Duration.toMillis(expiresIn) * 2) / 3 }
    known.set(memberId, fresh)
    return fresh.token
  })
})

interface Message {
  readonly by: MemberId
  readonly path: string
  readonly body?: unknown
}

export const makeLoad = Effect.fnUntraced(function*(given: {
  readonly seed: number
  readonly key: Redacted.Redacted
  readonly lessons: ReadonlyArray<Lesson>
  readonly commands: ReadonlyArray<Command>
  readonly running: Running
}) {
  const agent = yield* makeAgent
  const tokenOf = yield* issuer(given.key)
  const sent: Array<Sent> = []
  /** By session and student: what refusing and correcting must name. */
  const attendances = new Map<string, string>()

  const messageOf = (command: Command, lesson: Lesson): Message | undefined => {
    const staff = command.node % 5 === 0 ? lesson.manager : lesson.teacher
    if (command.kind === "confirm") {
      const students = command.students.flatMap(({ student, ...status }) => {
        const studentId = lesson.students[student]
        return studentId === undefined ? [] : [{ studentId, ...status }]
      })
      return { by: staff, path: `/sessions/${lesson.sessionId}/attendances/confirm`, body: { students } }
    }
    const student = lesson.students[command.student]
    if (student === undefined) return undefined
    if (command.kind === "request") return { by: student, path: `/sessions/${lesson.sessionId}/attendances` }
    const id = attendances.get(`${lesson.sessionId} ${student}`)
    if (id === undefined) return undefined
    const reason = { reason: "chaos" }
    return command.kind === "refuse"
      ? { by: staff, path: `/attendances/${id}/refuse`, body: reason }
      : { by: staff, path: `/attendances/${id}/correct`, body: { ...reason, status: command.to } }
  }

  const press = Effect.fnUntraced(function*(began: number, number: number, command: Command, attempt: number) {
    const lesson = given.lessons[command.lesson]
    const message = lesson === undefined ? undefined : messageOf(command, lesson)
    // Its attendance never came to be, or nobody was told that it did.
    if (lesson === undefined || message === undefined) return "refused"
    const running = given.running()
    const target = running.find(({ node }) => node === command.toward) ??
      running[(command.node + attempt) % running.length]
    const trace = traceOf(given.seed, number, attempt)
    const at = yield* Clock.currentTimeMillis
    const answer = target === undefined
      ? { _tag: "Unsent" as const, why: "no process runs" }
      : yield* call(agent, {
        port: target.port,
        method: "POST",
        path: `/api/v1${message.path}`,
        token: yield* tokenOf(message.by, lesson.academyId),
        trace,
        body: message.body
      })
    const outcome = outcomeOf(answer)
    const shown = outcome !== "committed" || answer._tag !== "Answered"
      ? []
      : isOne(answer.json)
      ? [answer.json.data]
      : isMany(answer.json)
      ? answer.json.data
      : []
    for (const { id, studentId } of shown) attendances.set(`${lesson.sessionId} ${studentId}`, id)
    sent.push({
      kind: command.kind,
      trace,
      node: target?.node ?? -1,
      at: at - began,
      took: (yield* Clock.currentTimeMillis) - at,
      outcome,
      status: answer._tag === "Answered" ? answer.status : undefined,
      why: answer._tag === "Answered" ? undefined : answer.why,
      shown: shown.map(({ id, version }) => ({ id, version }))
    })
    return outcome
  })

  const untilAnswered = Effect.fnUntraced(function*(began: number, number: number, command: Command) {
    for (let attempt = 0; attempt < presses; attempt++) {
      const outcome = yield* press(began, number, command, attempt)
      if (outcome === "committed" || outcome === "refused") return
      yield* Effect.sleep(pressAgainAfter * 2 ** attempt)
    }
  })

  let halted = false
  return {
    sent: sent as ReadonlyArray<Sent>,
    /** No further command is sent. */
    halt: Effect.sync(() => {
      halted = true
    }),
    /** Sends all of them, the first ones at `began`, and waits for the last answer. */
    run: Effect.fnUntraced(function*(began: number) {
      const underWay = yield* FiberSet.make<void>()
      for (const [number, command] of given.commands.entries()) {
        const early = began + command.at - (yield* Clock.currentTimeMillis)
        if (early > 0) yield* Effect.sleep(early)
        if (halted) break
        if ((yield* FiberSet.size(underWay)) < mostUnderWay) {
          yield* FiberSet.run(underWay, untilAnswered(began, number, command))
        }
      }
      yield* FiberSet.awaitEmpty(underWay)
    }, Effect.scoped)
  }
})

/** Which trace is which press, for every seed another one. */
const traceOf = (seed: number, number: number, attempt: number) =>
  [seed >>> 0, 0xc4a05, number, attempt + 1].map((part) => part.toString(16).padStart(8, "0")).join("")
