/** SOLAPI as the page of facts has it. */
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { call } from "../ams.ts"
import type { Given } from "./solapiMessage.ts"
import { bytesAtCarrier } from "./solapiMessage.ts"
import { authorization, signatureOf } from "./solapiSignature.ts"
import { filled, sendGroup, signed, sms, solapi } from "./speak.ts"
import { startProviders } from "./start.ts"

const minutes = 60_000
const templates = [
  { templateId: "T1", name: "출석", content: "[#{학원명}]\n#{학생명} 학생이 출석했습니다." },
  { templateId: "T2", name: "심사 중", content: "아직", status: "INSPECTING" }
]
const start = startProviders({ templates, looseAnswers: false })

const ata = (more: Given["kakaoOptions"] = {}, message: Partial<Given> = {}): Given => ({
  to: "01012345678",
  from: "0212345678",
  type: "ATA",
  customFields: { dispatchId: "d1" },
  kakaoOptions: {
    pfId: "KA01PF000000000000000000FAKE",
    templateId: "T1",
    variables: { "#{학원명}": "한빛", "#{학생명}": "김하나" },
    disableSms: true,
    ...more
  },
  ...message
})

describe("a signature", () => {
  it("is that of the documents' example", () => {
    assert.strictEqual(
      signatureOf("SECRET", "2026-01-02T03:04:05.000Z", "0123456789abcdef0123456789abcdef"),
      "57ac81d33c22310ae17698918dc8ec6b7778e6975cba74d73f9811056f967be8"
    )
  })

  it.live("is good once, with the right key, secret and salt, and within 15 minutes either way", () =>
    Effect.gen(function*() {
      const providers = yield* startProviders({ clock: () => 1_800_000_000_000 })
      const { apiKey, apiSecret } = providers
      const balance = (headers: Readonly<Record<string, string>>) =>
        Effect.map(
          call({ url: providers.solapiUrl }, "GET", "/cash/v1/balance", { headers }),
          (answer) => `${answer.status} ${answer.at("errorCode") ?? "ok"}`
        )
      const at = (ms: number) => balance(signed(providers, 1_800_000_000_000 + ms))
      expect(yield* at(0)).toBe("200 ok")
      expect(yield* at(-15 * minutes)).toBe("200 ok")
      expect(yield* at(15 * minutes)).toBe("200 ok")
      expect(yield* at(-15 * minutes - 1)).toBe("403 RequestTimeTooSkewed")
      expect(yield* at(15 * minutes + 1)).toBe("403 RequestTimeTooSkewed")
      expect(yield* balance({})).toBe("403 InvalidAPIKey")
      const now = 1_800_000_000_000
      expect(yield* balance(signed({ apiKey: "another", apiSecret }, now))).toBe("403 InvalidAPIKey")
      expect(yield* balance(signed({ apiKey, apiSecret: "another" }, now))).toBe("403 SignatureDoesNotMatch")
      const short = { apiKey, apiSecret, date: new Date(now).toISOString(), salt: "12345678901" }
      expect(yield* balance({ authorization: authorization(short) })).toBe("403 SignatureDoesNotMatch")
      const once = signed(providers, now)
      expect(yield* balance(once)).toBe("200 ok")
      expect(yield* balance(once)).toBe("403 DuplicatedSignature")
    }))
})

describe("a group", () => {
  it.live("sends nothing until it is sent, and once only", () =>
    Effect.gen(function*() {
      const providers = yield* start
      providers.script.add({ receipts: { delayMs: 60_000, never: true }, to: "5678" })
      const groupId = yield* filled(providers, sms())
      const group = `/messages/v4/groups/${groupId}`
      expect((yield* solapi(providers, "GET", group)).at("status")).toBe("PENDING")
      expect(providers.journal.all).toEqual([])

      const first = yield* sendGroup(providers, groupId)
      expect([first.status, first.at("status"), first.at("count.sentTotal")]).toEqual([200, "SENDING", 1])
      expect(providers.journal.all).toMatchObject([
        { provider: "solapi", dispatchId: "d1", to: "01012345678", type: "SMS", text: "김하나 학생이 출석했습니다." }
      ])
      const second = yield* sendGroup(providers, groupId)
      expect([second.status, second.at("errorCode")]).toEqual([409, "GroupInProcessing"])
      const added = yield* solapi(providers, "PUT", `${group}/messages`, { messages: [sms()] })
      expect(added.status).toBe(409)
      expect((yield* solapi(providers, "DELETE", group)).status).toBe(409)
      expect(providers.journal.countOf("d1")).toBe(1)
    }))

  it.live("that ten ask to be sent at once goes out for one of them", () =>
    Effect.gen(function*() {
      const providers = yield* start
      const groupId = yield* filled(providers, sms())
      const answers = yield* Effect.all(Array.from({ length: 10 }, () => sendGroup(providers, groupId)), {
        concurrency: "unbounded"
      })
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 409)])
      expect(providers.journal.countOf("d1")).toBe(1)
    }))

  it.live("of an academy's own account is signed with that account's key", () =>
    Effect.gen(function*() {
      const own = { apiKey: "OWN", apiSecret: "OWNSECRET" }
      const providers = yield* startProviders({ accounts: [{ apiKey: "SYSTEM", apiSecret: "SYSTEMSECRET" }, own] })
      expect([providers.apiKey, providers.apiSecret]).toEqual(["SYSTEM", "SYSTEMSECRET"])
      const path = "/messages/v4/groups"
      const create = (by: typeof own) =>
        call({ url: providers.solapiUrl }, "POST", path, { headers: signed(by), body: { allowDuplicates: true } })
      expect((yield* create(own)).status).toBe(200)
      expect((yield* create({ ...own, apiSecret: "SYSTEMSECRET" })).at("errorCode")).toBe("SignatureDoesNotMatch")
    }))

  it.live("is complete with its last result, which a look-up shows beside what the client named it by", () =>
    Effect.gen(function*() {
      const providers = yield* start
      providers.script.add({ to: "0002", carrier: "3104" })
      const groupId = yield* filled(
        providers,
        sms({ to: "01000000001" }),
        sms({ to: "01000000002", customFields: { dispatchId: "d2" } })
      )
      yield* sendGroup(providers, groupId)
      yield* providers.settled
      const again = yield* sendGroup(providers, groupId)
      expect([again.status, again.at("errorCode")]).toEqual([409, "AlreadySent"])
      const group = yield* solapi(providers, "GET", `/messages/v4/groups/${groupId}`)
      expect([group.at("status"), group.at("count.sentSuccess"), group.at("count.sentFailed")])
        .toEqual(["COMPLETE", 1, 1])
      const list = yield* solapi(providers, "GET", `/messages/v4/groups/${groupId}/messages`)
      const [one, two] = providers.journal.all.map(({ messageId }) => list.at(`messageList.${messageId}`))
      expect(one).toMatchObject({ groupId, statusCode: "4000", status: "COMPLETE", customFields: { dispatchId: "d1" } })
      expect(two).toMatchObject({ to: "01000000002", statusCode: "3104", customFields: { dispatchId: "d2" } })
      expect(providers.journal.duplicates()).toEqual([])
    }))

  it.live("that was deleted while it was pending cannot be sent", () =>
    Effect.gen(function*() {
      const providers = yield* start
      const groupId = yield* filled(providers, sms())
      expect((yield* solapi(providers, "DELETE", `/messages/v4/groups/${groupId}`)).at("status")).toBe("DELETED")
      expect((yield* sendGroup(providers, groupId)).status).toBe(404)
      expect(providers.journal.all).toEqual([])
    }))

  it.live("takes a number twice only when it allows duplicates", () =>
    Effect.gen(function*() {
      const providers = yield* start
      for (const [allowDuplicates, codes] of [[false, ["2000", "1026"]], [true, ["2000", "2000"]]] as const) {
        const created = yield* solapi(providers, "POST", "/messages/v4/groups", { allowDuplicates })
        const path = `/messages/v4/groups/${created.at("groupId")}/messages`
        const added = yield* solapi(providers, "PUT", path, { messages: [sms(), sms()] })
        expect([added.at("resultList.0.statusCode"), added.at("resultList.1.statusCode")]).toEqual(codes)
        expect(added.at("errorCount")).toBe(allowDuplicates ? "0" : "1")
      }
    }))
})

describe("a message is refused", () => {
  const rows: ReadonlyArray<readonly [string, Given, string]> = [
    ["not when it is good", sms(), "2000"],
    ["with a number that has more than digits", sms({ to: "010-1234-5678" }), "1011"],
    ["to nobody", sms({ to: "" }), "1010"],
    ["from a number that was not registered", sms({ from: "0299999999" }), "1062"],
    ["without a type", { to: "01012345678", from: "0212345678", text: "a" }, "1025"],
    ["without a text", sms({ text: "" }), "1010"],
    ["not as an SMS of 90 bytes", sms({ text: "가".repeat(45) }), "2000"],
    ["as an SMS of 91 bytes", sms({ text: `${"가".repeat(45)}a` }), "1031"],
    ["not as an LMS of 2,000 bytes", sms({ type: "LMS", text: "가".repeat(1_000) }), "2000"],
    ["as an LMS of 2,001 bytes", sms({ type: "LMS", text: `${"가".repeat(1_000)}a` }), "1031"],
    ["with a letter that EUC-KR cannot write", sms({ text: "출석 😀" }), "1029"],
    ["with a letter that cannot be printed", sms({ text: "출석\u0007" }), "1028"],
    ["as an SMS with a subject", sms({ subject: "출석" }), "1013"],
    ["with a field that is no text", sms({ customFields: { dispatchId: 1 } }), "1032"],
    ["as an SMS with options of KakaoTalk", sms({ kakaoOptions: { pfId: "x" } }), "1033"],
    ["not when an AlimTalk is good", ata(), "2000"],
    ["by an unknown channel", ata({ pfId: "another" }), "1041"],
    ["by an unknown template", ata({ templateId: "T9" }), "1042"],
    ["by a template that is not approved", ata({ templateId: "T2", variables: {} }), "1042"],
    ["without one of its template's variables", ata({ variables: { "#{학원명}": "한빛" } }), "1043"],
    [
      "with a variable that its template does not have",
      ata({ variables: { "#{학원명}": "한빛", "#{학생명}": "김하나", "#{반}": "1" } }),
      "1043"
    ],
    ["as an AlimTalk with a text", ata({}, { text: "출석" }), "1043"],
    ["as an AlimTalk that SOLAPI would send again as an SMS", ata({ disableSms: false }), "1011"],
    [
      "as an AlimTalk of more than 1,000 letters",
      ata({ variables: { "#{학원명}": "가".repeat(1_000), "#{학생명}": "김하나" } }),
      "1031"
    ]
  ]
  it.live.each(rows)("%s", ([, message, code]) =>
    Effect.gen(function*() {
      const providers = yield* start
      const answer = yield* solapi(providers, "POST", "/messages/v4/send", { message })
      expect([answer.status, answer.at("statusCode")]).toEqual([200, code])
      expect(providers.journal.all.length).toBe(code === "2000" ? 1 : 0)
    }))

  it.live("one by one: the others of the same call go out, and it is still a 200", () =>
    Effect.gen(function*() {
      const providers = yield* start
      providers.script.add({ to: "0003", intake: "1060" })
      const messages = [sms({ to: "01000000001" }), sms({ to: "01-0" }), sms({ to: "01000000003" })]
      const answer = yield* solapi(providers, "POST", "/messages/v4/send-many/detail", { messages })
      expect(answer.status).toBe(200)
      expect(answer.at("failedMessageList")).toMatchObject([{ statusCode: "1011" }, {
        to: "01000000003",
        statusCode: "1060"
      }])
      expect(answer.at("groupInfo.count")).toMatchObject({ total: 3, registeredFailed: 2, registeredSuccess: 1 })
      expect(providers.journal.all.map(({ to }) => to)).toEqual(["01000000001"])
    }))

  it.live("as a whole when the call has no messages", () =>
    Effect.gen(function*() {
      const providers = yield* start
      const answer = yield* solapi(providers, "POST", "/messages/v4/send-many/detail", { messages: [] })
      expect([answer.status, answer.at("errorCode")]).toEqual([400, "ValidationError"])
    }))

  it("for its bytes at the carrier, not those of UTF-8", () => {
    expect(bytesAtCarrier("가a·\n漢")).toBe(8)
    for (const letter of ["é", "뷁", "😀"]) expect(bytesAtCarrier(letter)).toBe(undefined)
  })
})

describe("an account", () => {
  it.live("pays for each message, and cannot send more than it can pay for", () =>
    Effect.gen(function*() {
      const providers = yield* startProviders({ balance: 50, looseAnswers: false })
      const groupId = yield* filled(providers, sms(), sms({ to: "01000000002" }))
      yield* sendGroup(providers, groupId)
      expect((yield* solapi(providers, "GET", "/cash/v1/balance")).at("balance")).toBe(50 - 2 * 18)
      const refused = yield* sendGroup(providers, yield* filled(providers, sms({ customFields: { dispatchId: "d3" } })))
      expect([refused.status, refused.at("errorCode")]).toEqual([402, "NotEnoughBalance"])
      expect(providers.journal.countOf("d3")).toBe(0)
    }))

  it.live("reads its templates, and people read them with the variables put in", () =>
    Effect.gen(function*() {
      const providers = yield* start
      const template = yield* solapi(providers, "GET", "/kakao/v2/templates/T1")
      expect(template.at("status")).toBe("APPROVED")
      expect(template.at("variables")).toEqual([{ name: "#{학원명}" }, { name: "#{학생명}" }])
      expect((yield* solapi(providers, "GET", "/kakao/v2/templates/T2")).at("status")).toBe("INSPECTING")
      expect((yield* solapi(providers, "GET", "/kakao/v2/templates/T9")).status).toBe(404)
      yield* sendGroup(providers, yield* filled(providers, ata()))
      expect(providers.journal.all).toMatchObject([{ type: "ATA", text: "[한빛]\n김하나 학생이 출석했습니다." }])
    }))

  it.live("finds its messages by number and day, the newest first, in pages", () =>
    Effect.gen(function*() {
      let now = Date.now() - 5 * minutes
      const providers = yield* startProviders({ clock: () => now, looseAnswers: false })
      for (const dispatchId of ["d1", "d2", "d3"]) {
        now += minutes
        yield* solapi(providers, "POST", "/messages/v4/send", { message: sms({ customFields: { dispatchId } }) })
      }
      yield* solapi(providers, "POST", "/messages/v4/send", { message: sms({ to: "01000000009" }) })
      const [first, second, third] = providers.journal.all.map(({ messageId }) => messageId)
      const list = (query: string) =>
        Effect.map(solapi(providers, "GET", `/messages/v4/list?to=01012345678${query}`), (answer) => ({
          ids: Object.keys(answer.at("messageList") ?? {}),
          next: answer.at("nextKey")
        }))
      expect(yield* list("")).toEqual({ ids: [third, second, first], next: null })
      expect(yield* list("&limit=2")).toEqual({ ids: [third, second], next: first })
      expect(yield* list(`&limit=2&startKey=${first}`)).toEqual({ ids: [first], next: null })
      const since = encodeURIComponent(new Date(now - minutes).toISOString())
      expect(yield* list(`&startDate=${since}`)).toEqual({ ids: [third, second], next: null })
    }))

  it.live("gets every second answer with numbers as texts and 0 for false", () =>
    Effect.gen(function*() {
      const providers = yield* startProviders()
      const create = () => solapi(providers, "POST", "/messages/v4/groups", { allowDuplicates: false })
      const [strict, loose] = [yield* create(), yield* create()]
      expect([strict.at("allowDuplicates"), strict.at("count.total")]).toEqual([false, 0])
      expect([loose.at("allowDuplicates"), loose.at("count.total"), loose.at("scheduledDate")]).toEqual([0, "0", null])
    }))
})
