/** One check-in in a real process, as a collector hears of it: from the request through events and handlers to the parent. */
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { readFileSync } from "node:fs"
import { makeAcademy, password } from "../support/academy.ts"
import { becomes, call, login, startAms } from "../support/ams.ts"
import { coreOn } from "../support/app.ts"
import { attributesOf, type Span, startCollector } from "../support/collector.ts"
import { clients, freshDatabaseUrl } from "../support/postgres.ts"
import { readExposition } from "../support/promql.ts"

const press = { traceId: "11111111111111111111111111111111", spanId: "1111111111111111" }
const decide = { traceId: "22222222222222222222222222222222", spanId: "2222222222222222" }
const from = ({ spanId, traceId }: typeof press) => ({ headers: { traceparent: `00-${traceId}-${spanId}-01` } })

/** What is somebody's business only: names, numbers, log-ins of everybody there is. */
const personal = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ text: string }>`
    select name as text from member union select phone from member where phone is not null
    union select login_id from member where login_id is not null union select name from academy`
  return rows.map(({ text }) => text)
})

const leadsTo = (span: Span, to: Pick<Span, "traceId">) => span.links.some(({ traceId }) => traceId === to.traceId)

const documented = [
  ...readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8")
    .matchAll(/^\| `[^`]+` \| `([^`]+)` \|/gm)
].map(([, name = ""]) => name)

describe("a check-in", () => {
  it.live(
    "is one trace that handlers link to, measured and logged, and nobody is named",
    () =>
      Effect.gen(function*() {
        const collector = yield* startCollector()
        const { url } = yield* freshDatabaseUrl()
        const given = yield* makeAcademy({ students: 1, logins: true }).pipe(Effect.provide(coreOn(url)))
        const hidden = yield* Effect.provide(personal, clients(url))
        const ams = yield* startAms({
          DATABASE_URL: Redacted.value(url),
          LOG_LEVEL: "Debug",
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          OTEL_SERVICE_NAME: "ams-e2e"
        })
        const student = yield* login(ams, `student-${given.tag}`, password)
        const teacher = yield* login(ams, `teacher-${given.tag}`, password)
        const at = `/api/v1/sessions/${given.session.id}/attendances`
        const pressed = yield* call(ams, "POST", at, { token: student, ...from(press) })
        const confirmed = yield* call(ams, "POST", `${at}/confirm`, {
          token: teacher,
          body: { students: [{ studentId: given.students[0]?.student.memberId }] },
          ...from(decide)
        })
        const device = `device-${"t".repeat(100)}`
        const body = { platform: "ANDROID", token: device }
        const registered = yield* call(ams, "POST", "/api/v1/me/push-targets", { token: student, body })
        assert.deepStrictEqual([pressed.status, confirmed.status, registered.status], [201, 200, 201])
        yield* becomes(call(ams, "GET", "/dev/inbox.json"), (inbox) => assert.strictEqual(inbox.at("data.length"), 1))

        // Everything that the runbook speaks of is on /metrics, also before anything has failed.
        const metrics = Effect.promise(async () => readExposition(await (await fetch(`${ams.url}/metrics`)).text()))
        yield* becomes(metrics, (now) => {
          // The inbox of development sends no receipts.
          const lacking = documented.filter((name) =>
            name !== "ams_message_delivered_delay_seconds" && !now.has(name) && !now.has(`${name}_bucket`)
          )
          assert.deepStrictEqual(lacking, [])
        })
        assert.isAbove(documented.length, 20)

        ams.signal("SIGTERM")
        assert.strictEqual(yield* ams.ended, 0)

        const spans = collector.spans()
        const named = (name: string) => spans.filter((one) => one.name === name)
        const [request = assert.fail("no span of the request")] = named(
          "POST /api/v1/sessions/:sessionId/attendances/confirm"
        )
        expect(request).toMatchObject({ traceId: decide.traceId, parentSpanId: decide.spanId, kind: 2 })
        expect(attributesOf(request)).toMatchObject({
          "http.route": "/api/v1/sessions/:sessionId/attendances/confirm",
          "http.response.status_code": 200
        })

        // Of members who were made nobody is told, but the handler heard of them.
        const [planned = assert.fail("no span of Notifications")] = named("process Notifications").filter((one) =>
          leadsTo(one, decide)
        )
        const linked = named("process ReadModelSync").filter((one) => leadsTo(one, decide))
        expect(linked).not.toEqual([])
        expect(planned.kind).toBe(5)
        expect(attributesOf(planned)).toMatchObject({
          "messaging.system": "ams",
          "messaging.operation.type": "process",
          "messaging.consumer.group.name": "Notifications",
          "messaging.batch.message_count": 1
        })
        // The message was planned by that handler: its sending leads there, and from there to the request.
        const [sent = assert.fail("no span of SendMessage:KAKAO_TALK")] = named("process SendMessage:KAKAO_TALK")
        expect(leadsTo(sent, planned)).toBe(true)
        const outward = spans.filter(({ kind, traceId }) => kind === 3 && traceId === sent.traceId)
        const { hostname, pathname } = new URL(Redacted.value(url))
        for (const one of outward) {
          expect(attributesOf(one)).toMatchObject({ "server.address": hostname, "db.namespace": pathname.slice(1) })
        }
        expect(outward).not.toEqual([])

        // No trace begins with a statement, and none with what only watches.
        expect(spans.filter(({ kind, parentSpanId }) => kind === 3 && parentSpanId === undefined)).toEqual([])
        expect(spans.filter(({ name }) => /health|metrics/.test(name))).toEqual([])

        const names = new Set(collector.metrics().map(({ name }) => name))
        for (const name of ["http.server.request.duration", "messaging.client.consumed.messages", "ams.nodes"]) {
          expect(names).toContain(name)
        }
        expect(collector.logs().filter(({ traceId }) => traceId === decide.traceId)).not.toEqual([])

        const bytes = collector.received().map(({ text }) => text).join("\n") + ams.stderr()
        expect(hidden.length).toBeGreaterThan(6)
        for (const one of [...hidden, password, student, teacher, device, "Bearer"]) expect(bytes).not.toContain(one)
      })
  )
})
