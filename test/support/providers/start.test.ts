/** What other processes use: Slack, the journal and the script over HTTP, and `npm run fake-providers`. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { becomes, call } from "../ams.ts"
import { filled, sendGroup, signed, sms } from "./speak.ts"
import { startProviders } from "./start.ts"

const journalOf = (adminUrl: string) => call({ url: adminUrl }, "GET", "/journal.json")

describe("Slack", () => {
  it.live("takes one alert a second and answers ok", () =>
    Effect.gen(function*() {
      let now = 0
      const providers = yield* startProviders({ clock: () => now, slackLimited: true })
      const alert = (body: string) =>
        Effect.promise(async () => {
          const answer = await fetch(providers.slackUrl, { method: "POST", body })
          return [answer.status, await answer.text(), answer.headers.get("retry-after")]
        })
      expect(yield* alert(JSON.stringify({ text: "one" }))).toEqual([200, "ok", null])
      now = 999
      expect(yield* alert(JSON.stringify({ text: "two" }))).toEqual([429, "rate_limited", "1"])
      now = 1_000
      expect(yield* alert(JSON.stringify({ text: "three" }))).toEqual([200, "ok", null])
      expect(yield* alert("{}")).toEqual([400, "no_text", null])
      expect(yield* alert("one")).toEqual([400, "invalid_payload", null])
      expect(providers.journal.alerts.map(({ text }) => text)).toEqual(["one", "three"])
    }))
})

describe("another process", () => {
  it.live("writes the script, and reads the journal", () =>
    Effect.gen(function*() {
      const providers = yield* startProviders({ looseAnswers: false })
      const script = (body: unknown) => call({ url: providers.adminUrl }, "POST", "/script", { body })
      const groupId = yield* filled(providers, sms())
      const rules = [{ to: "5678", times: 1, fault: { kind: "answer", status: 503 } }]
      expect((yield* script({ rules, balance: 18 })).status).toBe(200)
      expect((yield* sendGroup(providers, groupId)).status).toBe(503)
      expect((yield* sendGroup(providers, groupId)).status).toBe(200)
      expect(providers.balance()).toBe(0)
      const journal = yield* journalOf(providers.adminUrl)
      expect(journal.at("sent")).toMatchObject([{ dispatchId: "d1", to: "01012345678" }])
      expect(journal.at("duplicates")).toEqual([])
      expect(journal.at("requests")).toMatchObject([
        { method: "POST", path: "/messages/v4/groups", status: 200, fault: null },
        { method: "PUT" },
        { fault: { kind: "answer", status: 503 }, status: 503 },
        { path: `/messages/v4/groups/${groupId}/send`, status: 200 }
      ])
      yield* script({ rules: [{ fault: { kind: "hang" } }] })
      yield* script({ clear: true })
      expect((yield* sendGroup(providers, groupId)).status).toBe(409)
    }))

  it.live("is told when what it wrote is no script, and nothing changes", () =>
    Effect.gen(function*() {
      const providers = yield* startProviders()
      const answer = yield* call({ url: providers.adminUrl }, "POST", "/script", {
        body: { balance: 0, rules: [{ fault: { kind: "explode" } }] }
      })
      expect(answer.status).toBe(400)
      expect(providers.balance()).toBe(1_000_000)
    }))

  it.live("takes providers down and up again", () =>
    Effect.gen(function*() {
      const providers = yield* startProviders()
      const { adminUrl: url, slackUrl } = providers
      const alert = Effect.promise(() =>
        fetch(slackUrl, { method: "POST", body: JSON.stringify({ text: "one" }) })
          .then(({ status }) => status, () => "refused")
      )
      yield* call({ url }, "POST", "/script", { body: { down: ["slack"] } })
      expect(yield* alert).toBe("refused")
      yield* call({ url }, "POST", "/script", { body: { down: [] } })
      expect(yield* alert).toBe(200)
    }))
})

describe("npm run fake-providers", () => {
  it.live("prints what AMS needs, and each message as it goes out, the number masked", () =>
    Effect.gen(function*() {
      const child = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, [new URL("main.ts", import.meta.url).pathname, "--port", "0"], {
            stdio: ["ignore", "pipe", "pipe"]
          })
        ),
        (child) =>
          Effect.promise(async () => {
            if (child.exitCode !== null) return
            child.kill("SIGTERM")
            await once(child, "close")
          })
      )
      const output = { text: "" }
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output.text += String(chunk)))
      yield* becomes(Effect.sync(() => output.text), (text) => expect(text).toMatch(/^journal: .*\n/m), 45)
      const printed = output.text
      const setting = (name: string) => new RegExp(`^${name}='(.*)' \\\\$`, "m").exec(printed)?.[1] ?? ""
      expect(setting("SOLAPI_TEMPLATES")).toMatch(/(^|,)CHECK_IN\/ko=KA01TP_CHECK_IN_KO(,|$)/)
      expect(JSON.parse(setting("FCM_SERVICE_ACCOUNT"))).toMatchObject({ token_uri: setting("FCM_TOKEN_URL") })
      expect(setting("FCM_URL")).toMatch(/^http:/)
      expect(setting("SOLAPI_WEBHOOK_SECRET")).not.toBe("")

      const account = { apiKey: setting("SOLAPI_API_KEY"), apiSecret: setting("SOLAPI_API_SECRET") }
      const answer = yield* call({ url: setting("SOLAPI_URL") }, "POST", "/messages/v4/send", {
        headers: signed(account),
        body: {
          message: {
            to: "01012345678",
            from: setting("SOLAPI_SENDER"),
            type: "ATA",
            customFields: { dispatchId: "d1" },
            kakaoOptions: {
              pfId: setting("SOLAPI_PF_ID"),
              templateId: "KA01TP_CHECK_IN_KO",
              variables: { "#{학원명}": "한빛", "#{학생명}": "김하나", "#{시각}": "18:00", "#{수업명}": "수학" },
              disableSms: true
            }
          }
        }
      })
      expect(answer.at("statusCode")).toBe("2000")
      yield* becomes(
        Effect.sync(() => output.text.slice(printed.length)),
        (text) =>
          expect(text).toMatch(
            /^\d\d:\d\d:\d\d ATA  010\*\*\*\*5678 \[한빛\] 김하나 학생이 18:00 수학 수업에 출석했습니다\.$/m
          )
      )
      expect(output.text).not.toContain("01012345678")
      const adminUrl = /^journal: (.*)\/journal\.json/m.exec(printed)?.[1] ?? ""
      expect((yield* journalOf(adminUrl)).at("sent")).toMatchObject([{ dispatchId: "d1" }])
    }))
})
