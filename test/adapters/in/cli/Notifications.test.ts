import { assert, expect, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { randomUUID } from "node:crypto"
import { makeAcademy } from "../../../support/academy.ts"
import { coreOn } from "../../../support/app.ts"
import { type PlantedMessage, planting } from "../../../support/messages.ts"
import { Ams, complaints } from "./support.ts"

/** An academy with a parent of a student. */
const given = Effect.gen(function*() {
  const { sql, url } = yield* Ams
  const made = yield* makeAcademy({ students: 1 }).pipe(Effect.provide(coreOn(Redacted.make(url), { role: "api" })))
  const [one] = made.students
  if (one === undefined) return yield* Effect.die("one student")
  const about = {
    academyId: made.academy.id,
    recipientId: one.parent.memberId,
    sessionId: made.session.id,
    studentId: one.student.memberId
  }
  const plant = (given: Omit<PlantedMessage, keyof typeof about>) =>
    Effect.map(sql(planting({ ...about, ...given })), ([row]) => String(row?.[0]))
  const [phone] = yield* sql("select phone from member where id = $1", [about.recipientId])
  return { ...about, one, plant, phone: String(phone) }
})

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams notifications", (it) => {
  it.effect("list shows the newest first, numbers masked, and only what is asked for", () =>
    Effect.gen(function*() {
      const { run } = yield* Ams
      const { academyId, one, phone, plant, recipientId, sessionId } = yield* given
      const first = yield* plant({ status: "DELIVERED", age: 7200, accepted: 1, delivered: 2 })
      const second = yield* plant({ status: "UNDELIVERED", reason: "no-phone", channel: null })
      const ids = Effect.fnUntraced(function*(line: string) {
        const ran = yield* run(`notifications list --json --academy ${academyId} ${line}`)
        assert.deepStrictEqual([ran.code, ran.stderr], [0, ""])
        assert.notInclude(ran.stdout, phone)
        const messages = ran.json()
        return Array.isArray(messages) ? messages.map((one: { readonly id: string }) => one.id) : messages
      })
      const since = new Date(Date.now() - 3_600_000).toISOString()
      const lists = yield* Effect.all([
        ids(""),
        ids(`--session ${sessionId} --recipient ${recipientId} --limit 1`),
        ids(`--not-reached --from ${since}`),
        ids(`--status DELIVERED --channel SMS --before ${since}`)
      ], { concurrency: 2 })
      assert.deepStrictEqual(lists, [[second, first], [second], [second], [first]])

      const { stdout } = yield* run(`notifications list --academy ${academyId} --not-reached`)
      const [titles = "", line = "", ...rest] = stdout.trimEnd().split("\n")
      expect(titles.split(/ {2,}/)).toEqual([
        "ID",
        "PLANNED AT",
        "STATUS",
        "CHANNEL",
        "REASON",
        "RECIPIENT",
        "NUMBER",
        "NEWS"
      ])
      expect(line.split(/ {2,}/)).toEqual([
        second,
        expect.stringMatching(/^[\d-]+ [\d:]+Z$/),
        "UNDELIVERED",
        "none",
        "no-phone",
        expect.stringContaining("parent"),
        expect.stringMatching(/^010\*{4}\d{4}$/),
        `CORRECTED ${one.name}`
      ])
      assert.deepStrictEqual(rest, [])
    }))

  it.effect("show tells every attempt and why it stands there; of an unknown one that there is none", () =>
    Effect.gen(function*() {
      const { run } = yield* Ams
      const { phone, plant, sessionId } = yield* given
      const id = yield* plant({
        status: "UNDELIVERED",
        reason: "solapi-3010",
        attempts: [
          { channel: "KAKAO_TALK", outcome: "ChannelUnavailable", rule: "solapi-3104", key: "G4V1", cost: 0 },
          { channel: "SMS", outcome: "InvalidRecipient", rule: "solapi-3010" }
        ]
      })
      const unknown = randomUUID()
      const [json, text, none] = yield* Effect.all([
        run(`notifications show ${id} --json`),
        run(`notifications show ${id}`),
        run(`notifications show ${unknown}`)
      ], { concurrency: 2 })
      expect(json.json()).toMatchObject({
        id,
        reason: { rule: "solapi-3010", text: expect.stringContaining("the number is right") },
        attempts: [{ number: 1, keyKept: true, cost: 0 }, { number: 2, keyKept: false, cost: null }]
      })
      assert.match(text.stdout, /^reason +solapi-3010: SOLAPI.*the number is right/m)
      assert.match(text.stdout, new RegExp(`^news +CORRECTED, .*, session ${sessionId}$`, "m"))
      assert.match(text.stdout, /1 +\S+ \S+Z +\S+ \S+Z +KAKAO_TALK +solapi +ChannelUnavailable +solapi-3104 +kept/)
      assert.match(text.stdout, /2 +\S+ \S+Z +\S+ \S+Z +SMS +solapi +InvalidRecipient +solapi-3010 +none/)
      for (const { stdout } of [json, text]) assert.notInclude(stdout, phone)
      assert.deepStrictEqual([none.code, none.stdout], [1, ""])
      assert.deepStrictEqual(complaints(none), [`there is no message ${unknown}`])
    }))

  it.effect("resend plans a new message, audited with its reason; what is under way is refused", () =>
    Effect.gen(function*() {
      const { run, sql } = yield* Ams
      const { plant } = yield* given
      const id = yield* plant({ status: "EXPIRED", reason: "too-late" })
      const resent = yield* run(`notifications resend ${id}`, "--reason", "the line was down")
      assert.deepStrictEqual([resent.code, resent.stderr], [0, ""])
      assert.match(
        resent.stdout,
        /^Message \S+ goes to parent \d+ by KAKAO_TALK: no AMS runs now, the next one takes it\.$/m
      )
      const [again = []] = yield* sql(
        "select id::text, status, resent_by, resend_reason from message where resend_of = $1",
        [
          id
        ]
      )
      assert.deepStrictEqual(again.slice(1), ["PLANNED", null, "the line was down"])
      const handlers = yield* sql(
        "select d.handler from event e join event_delivery d on d.event_id = e.id where e.aggregate_id = $1::uuid and e.type = 'MessagePlanned'",
        [again[0]]
      )
      assert.deepInclude(handlers, ["SendMessage:KAKAO_TALK"])
      assert.deepStrictEqual(
        yield* sql("select action, channel, actor_id, reason from audit_entry where subject = $1", [`message/${id}`]),
        [["notification.resend", "CLI", null, "the line was down"]]
      )
      const refused = yield* run(`notifications resend ${id}`, "--reason", "again")
      assert.deepStrictEqual([refused.code, refused.stdout], [1, ""])
      assert.match(complaints(refused).join("\n"), new RegExp(`^message ${String(again[0])} is PLANNED`))
    }))

  it.effect("test sends one message as the academy appears, audited, and tells no member anything", () =>
    Effect.gen(function*() {
      const { run, sql } = yield* Ams
      const { academyId } = yield* given
      const counted = sql("select (select count(*) from message), (select count(*) from notification)")
      const before = yield* counted
      const [sent, json] = yield* Effect.all([
        run(`notifications test --to 010-9876-5432 --channel SMS --academy ${academyId} --yes`),
        run("notifications test --to 010-9876-1111 --channel KAKAO_TALK --yes --json")
      ], { concurrency: 2 })
      assert.deepStrictEqual([sent.code, sent.stderr], [0, ""])
      assert.match(
        sent.stdout,
        /^outcome +Accepted\nrule +sandbox\nIt is in the inbox of development: \/dev\/inbox\.\n$/m
      )
      assert.strictEqual(json.code, 0)
      expect(json.json()).toMatchObject({
        to: "010****1111",
        provider: "sandbox",
        outcome: "Accepted",
        rule: "sandbox"
      })
      assert.deepStrictEqual(yield* counted, before)
      const inbox = yield* sql("select recipient, body from sandbox_message where academy_id = $1", [academyId])
      expect(inbox).toEqual([["+821098765432", expect.stringMatching(/^\[한빛학원\]\n.*시험 발송/)]])
      assert.deepStrictEqual(
        yield* sql(
          "select channel, subject, reason from audit_entry where action = 'notification.test' order by subject"
        ),
        [["CLI", "channel/KAKAO_TALK", "to 010****1111"], ["CLI", "channel/SMS", "to 010****5432"]]
      )
    }))

  it.effect("test ends with exit code 1 and what to do when nothing went out, and asks before it costs money", () =>
    Effect.gen(function*() {
      const { run, runWith, sql } = yield* Ams
      const [unasked, device, off] = yield* Effect.all([
        run("notifications test --to 010-1111-2222 --channel SMS"),
        run("notifications test --to 010-1111-2222 --channel PUSH --yes"),
        runWith({ env: { AMS_ENV: "production" } }, "notifications test --to 010-1111-2222 --channel SMS --yes --json")
      ], { concurrency: 2 })
      assert.deepStrictEqual([unasked.code, unasked.stdout], [2, ""])
      assert.include(complaints(unasked).join("\n"), "--yes")
      assert.deepStrictEqual([device.code, device.stdout], [1, ""])
      assert.deepStrictEqual(complaints(device), ["PUSH takes no message to a number; KAKAO_TALK and SMS do"])
      assert.strictEqual(off.code, 1)
      expect(off.json()).toMatchObject({ provider: "none", outcome: "Refused", rule: "no-channel" })
      assert.match(complaints(off).join("\n"), /^Nobody carries this channel/)
      const audited = yield* sql("select subject from audit_entry where reason = 'to 010****2222'")
      assert.deepStrictEqual(audited, [["channel/SMS"]])
    }))
})
