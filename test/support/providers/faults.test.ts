/** Each fault as a client meets it, on real sockets. */
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { connect } from "node:net"
import { becomes, eventually } from "../ams.ts"
import { type Fault, makeScript, type Mix, type Rule } from "./script.ts"
import { filled, sendGroup, sendRaw, signed, sms, solapi } from "./speak.ts"
import { startProviders } from "./start.ts"

/** Providers with these rules and a group that is ready to be sent. */
const ready = Effect.fnUntraced(function*(...rules: ReadonlyArray<Rule>) {
  const providers = yield* startProviders({ looseAnswers: false })
  const groupId = yield* filled(providers, sms())
  providers.script.add(...rules)
  return { providers, groupId }
})

/** The code of the connection's end. */
const brokenBy = (call: () => Promise<Response>) =>
  Effect.promise(() =>
    call().then(
      async (answer) => `${answer.status} ${await answer.text()}`,
      (error: unknown) =>
        error instanceof Error && typeof error.cause === "object" && error.cause !== null && "code" in error.cause
          ? error.cause.code
          : String(error)
    )
  )

const answerTo = (rule: Rule) =>
  Effect.gen(function*() {
    const { groupId, providers } = yield* ready(rule)
    const answer = yield* Effect.promise(() => sendRaw(providers, groupId))
    return { providers, answer, text: yield* Effect.promise(() => answer.text().catch(() => "broken off")) }
  })

describe("a request", () => {
  for (const recorded of [false, true]) {
    const when = recorded ? "after it took effect" : "before it took effect"
    const sent = recorded ? 1 : 0

    it.live(`is reset ${when}`, () =>
      Effect.gen(function*() {
        const { groupId, providers } = yield* ready({ fault: { kind: "reset", recorded } })
        expect(yield* brokenBy(() => sendRaw(providers, groupId))).toBe("ECONNRESET")
        expect(providers.journal.countOf("d1")).toBe(sent)
      }))

    it.live(`is never answered, ${when}`, () =>
      Effect.gen(function*() {
        const { groupId, providers } = yield* ready({ fault: { kind: "hang", recorded } })
        const client = yield* Effect.forkChild(Effect.promise((signal) => sendRaw(providers, groupId, signal)))
        yield* becomes(
          Effect.sync(() => providers.journal.requests.at(-1)),
          (last) => expect(last).toMatchObject({ fault: { kind: "hang" }, status: null })
        )
        expect(providers.journal.countOf("d1")).toBe(sent)
        assert.isUndefined(client.pollUnsafe())
        yield* Fiber.interrupt(client)
      }))

    it.live(`is answered with 502 and a page of HTML ${when}`, () =>
      Effect.gen(function*() {
        const { answer, providers, text } = yield* answerTo({
          fault: { kind: "answer", status: 502, html: true, recorded }
        })
        expect([answer.status, answer.headers.get("content-type")]).toEqual([502, "text/html"])
        expect(text).toMatch(/^<html>/)
        expect(providers.journal.countOf("d1")).toBe(sent)
      }))
  }

  it.live("is never read: what is more than the buffers hold stays with the client", () =>
    Effect.gen(function*() {
      const { groupId, providers } = yield* ready({ at: "add", fault: { kind: "unread" } })
      const { hostname, port } = new URL(providers.solapiUrl)
      const socket = yield* Effect.acquireRelease(
        Effect.sync(() => connect(Number(port), hostname).on("error", () => undefined)),
        (socket) => Effect.sync(() => socket.destroy())
      )
      const length = 16 * 1024 * 1024
      socket.write(
        `PUT /messages/v4/groups/${groupId}/messages HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n`
      )
      socket.write(Buffer.alloc(length))
      // It stands still when two looks in a row see the same.
      let before = -1
      yield* eventually(Effect.sync(() => {
        expect(providers.journal.requests.at(-1)).toMatchObject({ fault: { kind: "unread" }, status: null })
        const now = socket.bytesWritten - socket.writableLength
        const still = now === before
        before = now
        assert.isTrue(still && socket.writableLength > 0)
      }))
    }))

  it.live("is answered late, and byte by byte", () =>
    Effect.gen(function*() {
      const { groupId, providers } = yield* ready({ fault: { kind: "slow", headersMs: 60, byteMs: 1 } })
      const start = performance.now()
      const answer = yield* Effect.promise(() => sendRaw(providers, groupId))
      const headers = performance.now()
      const text = yield* Effect.promise(() => answer.text())
      expect(JSON.parse(text)).toMatchObject({ groupId, status: "SENDING" })
      expect(headers - start).toBeGreaterThan(55)
      expect(performance.now() - headers).toBeGreaterThan(text.length * 0.5)
      expect(providers.journal.countOf("d1")).toBe(1)
    }))

  it.live("takes effect after its client has given up", () =>
    Effect.gen(function*() {
      const { groupId, providers } = yield* ready({ fault: { kind: "slow", effectMs: 100 } })
      const client = yield* Effect.forkChild(Effect.promise((signal) => sendRaw(providers, groupId, signal)))
      yield* becomes(
        Effect.sync(() => providers.journal.requests.at(-1)),
        (last) => expect(last).toMatchObject({ fault: { kind: "slow" } })
      )
      assert.isUndefined(client.pollUnsafe())
      yield* Fiber.interrupt(client)
      yield* becomes(Effect.sync(() => providers.journal.countOf("d1")), (count) => expect(count).toBe(1))
    }))

  const retries = ["7", "Fri, 27 Nov 2026 08:00:00 GMT", "999999999", "soon", undefined] as const
  it.live.each(retries)("is one too many, with Retry-After: %s", (retryAfter) =>
    Effect.gen(function*() {
      const { answer, providers, text } = yield* answerTo({
        fault: { kind: "answer", status: 429, ...(retryAfter === undefined ? {} : { retryAfter }) }
      })
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, retryAfter ?? null])
      expect(JSON.parse(text)).toMatchObject({ errorCode: "TooManyRequests" })
      expect(providers.journal.all).toEqual([])
    }))

  it.live.each(
    [[402, "NotEnoughBalance"], [409, "GroupInProcessing"], [413, "RequestEntityTooLarge"], [
      500,
      "InternalError"
    ]] as const
  )("is answered with %s and SOLAPI's own words", ([status, errorCode]) =>
    Effect.gen(function*() {
      const { answer, providers, text } = yield* answerTo({ fault: { kind: "answer", status } })
      expect(answer.status).toBe(status)
      expect(JSON.parse(text)).toMatchObject({ errorCode })
      expect(providers.journal.all).toEqual([])
    }))

  it.live.each(["malformed", "truncated", "empty"] as const)(
    "is answered with 200 and a body that is %s",
    (how) =>
      Effect.gen(function*() {
        const { answer, providers, text } = yield* answerTo({ fault: { kind: "garbled", how } })
        expect(answer.status).toBe(200)
        assert.throws(() => JSON.parse(text))
        expect([text === "", text === "broken off"]).toEqual([how === "empty", how === "truncated"])
        expect(providers.journal.countOf("d1")).toBe(1)
      })
  )
})

describe("a provider", () => {
  it.live("that is down refuses connections, and serves again at the same address with what it knew", () =>
    Effect.gen(function*() {
      const { groupId, providers } = yield* ready()
      yield* providers.down("solapi")
      // A client may first find that the connection which it kept is gone.
      yield* becomes(
        brokenBy(() => sendRaw(providers, groupId)),
        (code) => expect(code).toBe("ECONNREFUSED")
      )
      yield* providers.up()
      expect((yield* sendGroup(providers, groupId)).status).toBe(200)
      expect(providers.journal.countOf("d1")).toBe(1)
    }))

  it.live("has an outage until it is over", () =>
    Effect.gen(function*() {
      const { groupId, providers } = yield* ready()
      providers.script.outage({ kind: "answer", status: 503 })
      expect((yield* solapi(providers, "GET", "/cash/v1/balance")).status).toBe(503)
      expect((yield* sendGroup(providers, groupId)).status).toBe(503)
      providers.script.outage(undefined)
      expect((yield* sendGroup(providers, groupId)).status).toBe(200)
    }))

  it.live("burns a signature even where it answers nothing", () =>
    Effect.gen(function*() {
      const { providers } = yield* ready({ at: "balance", times: 1, fault: { kind: "reset" } })
      const headers = signed(providers)
      const balance = () => fetch(`${providers.solapiUrl}/cash/v1/balance`, { headers })
      expect(yield* brokenBy(balance)).toBe("ECONNRESET")
      expect(yield* brokenBy(balance)).toMatch(/^403 .*DuplicatedSignature/)
    }))
})

describe("a rule", () => {
  const fault: Fault = { kind: "hang" }
  const script = (...rules: ReadonlyArray<Rule>) => {
    const script = makeScript(() => 0)
    script.add(...rules)
    return script
  }

  it("is for whom its digits say, and for what sends unless it names a step", () => {
    const some = script({ to: "5678", fault }, { at: "look-up", fault: { kind: "reset" } })
    expect(some.fault("send", ["01012345678"])).toEqual(fault)
    expect(some.fault("push", ["token-5678"])).toEqual(fault)
    expect(some.fault("send", ["01056780000", "01012345678"])).toEqual(fault)
    expect(some.fault("send", ["01056780000"])).toBe(undefined)
    expect(some.fault("add", ["01012345678"])).toBe(undefined)
    expect(some.fault("look-up", ["01012345678"])).toEqual({ kind: "reset" })
  })

  it("ends after its times, so that rules of one time are a queue", () => {
    const queue = script({ times: 1, fault }, { times: 2, fault: { kind: "reset" } })
    const met = () => queue.fault("send", ["1"])?.kind
    expect([met(), met(), met(), met()]).toEqual(["hang", "reset", "reset", undefined])
  })

  it("counts each of its troubles for itself", () => {
    const both = script({ times: 1, fault, carrier: "3104", push: "UNREGISTERED" })
    expect([both.fault("send", ["1"]), both.carrier("1"), both.push("t")]).toEqual([fault, "3104", "UNREGISTERED"])
    expect([both.fault("send", ["1"]), both.carrier("1"), both.push("t")]).toEqual([undefined, undefined, undefined])
  })
})

describe("a mix", () => {
  const draws = (mix: Mix, n: number) => {
    const script = makeScript(() => 0)
    script.mix(mix)
    return Array.from({ length: n }, () => script.fault("send", ["1"]))
  }
  const odds = { reset: 0.1, tooMany: 0.05, hang: 0.05, slow: 0.02, unavailable: 0.04, garbled: 0.04 }

  it("is the same for the same seed, and another one for another", () => {
    assert.deepStrictEqual(draws({ seed: 7, ...odds }, 300), draws({ seed: 7, ...odds }, 300))
    assert.notDeepEqual(draws({ seed: 7, ...odds }, 300), draws({ seed: 8, ...odds }, 300))
  })

  it("keeps to its odds", () => {
    const met = draws({ seed: 1, ...odds }, 10_000)
    const part = (fits: (fault: Fault) => boolean) =>
      met.filter((one) => one !== undefined && fits(one)).length / 10_000
    expect(part(({ kind }) => kind === "reset")).toBeCloseTo(odds.reset, 1.5)
    expect(part((fault) => fault.kind === "answer" && fault.status === 429)).toBeCloseTo(odds.tooMany, 1.5)
    expect(part(() => true)).toBeCloseTo(0.3, 1.5)
  })

  it("spares the steps that it does not name", () => {
    const script = makeScript(() => 0)
    script.mix({ seed: 1, at: ["send"], reset: 1 })
    expect(script.fault("look-up", [])).toBe(undefined)
    expect(script.fault("send", [])?.kind).toBe("reset")
  })

  it("resets connections only after the message went out, where it is asked to", () => {
    const met = draws({ seed: 1, resetAfter: 0.2 }, 1_000).filter((one) => one !== undefined)
    expect(met.length / 1_000).toBeCloseTo(0.2, 1.5)
    for (const fault of met) expect(fault).toEqual({ kind: "reset", recorded: true })
  })

  it.live("meets the same requests in the same way over real sockets", () =>
    Effect.gen(function*() {
      const run = Effect.gen(function*() {
        const { providers } = yield* ready()
        providers.script.mix({ seed: 3, reset: 0.3, tooMany: 0.2, unavailable: 0.2 })
        for (let nth = 0; nth < 30; nth++) {
          yield* brokenBy(() => fetch(`${providers.solapiUrl}/cash/v1/balance`, { headers: signed(providers) }))
        }
        return providers.journal.requests.slice(-30).map(({ fault, status }) => [fault?.kind ?? "none", status])
      }).pipe(Effect.scoped)
      const first = yield* run
      expect(new Set(first.map(([kind]) => kind))).toEqual(new Set(["none", "reset", "answer"]))
      expect(yield* run).toEqual(first)
    }))
})
