/** The largest files that may come: what they take, and that nobody else waits meanwhile. */
import { expect, layer } from "@effect/vitest"
import { Console, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { ClassCommands } from "../../../src/application/commands/ClassCommands.ts"
import { ImportCommands } from "../../../src/application/commands/ImportCommands.ts"
import { MemberCommands } from "../../../src/application/commands/MemberCommands.ts"
import { type ImportKind, type ImportReport, limits } from "../../../src/domain/Import.ts"
import { LocalDate, LocalTime } from "../../../src/domain/LocalTime.ts"
import { as, makeAcademy, person } from "../../support/academy.ts"
import { core } from "../../support/app.ts"
import { watched } from "../../support/loop.ts"

const digits = (n: number) => String(n).padStart(4, "0")
const numbers = Array.from({ length: limits.lines }, (_, n) => n)
/** Two siblings share a guardian. */
const members = [
  "이름,전화번호,생년월일,성별,학교,학년,보호자 이름,보호자 전화번호,관계",
  ...numbers.map((n) =>
    `학생${n},010-2000-${digits(n)},2015-03-02,여,한빛초등학교,초3,보호자${n >> 1},010-4000-${digits(n >> 1)},모`
  )
]
/** Twenty classes that meet at different times. */
const enrollments = ["학생,생년월일,반,시작일", ...numbers.map((n) => `학생${n},2015-03-02,반${n % 20},2026-03-02`)]
const days = ["MON", "TUE", "WED", "THU", "FRI"] as const

const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20)

layer(core({ role: "api" }), { excludeTestServices: true })("5,000 lines", (it) => {
  it.effect(
    "are imported in seconds, far within the 30 of a request, and hold up nobody else",
    () =>
      Effect.gen(function*() {
        const classes = yield* ClassCommands
        const commands = yield* ImportCommands
        const { manager } = yield* makeAcademy({ students: 0 })
        const teacher = yield* (yield* MemberCommands).create(person("TEACHER")).pipe(as(manager))
        for (let n = 0; n < 20; n++) {
          const hour = `0${n % 4}`
          yield* classes.create({
            name: `반${n}`,
            subject: "수학",
            teacherId: teacher.id,
            capacity: 500,
            startDate: LocalDate.make("2026-03-02"),
            schedules: [{
              dayOfWeek: days[n >> 2] ?? "MON",
              startTime: LocalTime.make(`${hour}:00`),
              endTime: LocalTime.make(`${hour}:50`)
            }]
          }).pipe(as(manager))
        }

        const sql = yield* SqlClient.SqlClient
        const [last] = yield* sql<{ id: string }>`select id from event order by id desc limit 1`
        /** Each event that came since, with the delivery to the read side that every one has. */
        const published = Effect.map(
          sql<{ type: string; n: number }>`
          select e.type, count(*)::int as n from event e
          join event_delivery d on d.event_id = e.id and d.handler = 'ReadModelSync'
          where e.id > ${last?.id ?? ""} group by 1 order by 1`,
          (rows) => rows.map(({ n, type }) => [type, n])
        )

        const measured = Effect.fnUntraced(function*(kind: ImportKind, lines: ReadonlyArray<string>, dryRun: boolean) {
          const run = yield* commands.asMember(kind).pipe(as(manager))
          const bytes = new TextEncoder().encode(lines.join("\r\n"))
          let heap = 0
          const before = process.memoryUsage().heapUsed
          const { delays, took, value } = yield* watched(run({ bytes, dryRun }, () =>
            Effect.sync(() => {
              heap = Math.max(heap, process.memoryUsage().heapUsed - before)
            })))
          const inOrder = delays.toSorted((a, b) => a - b)
          const p99 = inOrder[Math.floor(inOrder.length * 0.99)] ?? 0
          yield* Console.log(
            `${kind}${dryRun ? ", dry run" : ""}: ${(took / 1000).toFixed(1)} s, heap +${mebibytes(heap)} MiB, ` +
              `event loop p99 ${p99.toFixed(0)} ms, at most ${(inOrder.at(-1) ?? 0).toFixed(0)} ms`
          )
          expect(took).toBeLessThan(15_000)
          // Both grow with whatever else the machine does.
          expect(p99).toBeLessThan(took / 4)
          expect(mebibytes(heap)).toBeLessThan(250)
          return value
        })
        const expected: Partial<ImportReport> = { lines: 5000, members: 7500, guardianships: 5000 }
        expect(yield* measured("members", members, true)).toMatchObject(expected)
        expect(yield* measured("members", members, false)).toMatchObject(expected)
        expect(yield* published).toEqual([["GuardianLinked", 5000], ["MemberCreated", 7500]])
        expect((yield* measured("members", members, false)).alreadyThere).toHaveLength(5000)
        expect(yield* measured("enrollments", enrollments, true)).toMatchObject({ enrollments: 5000 })
        expect(yield* measured("enrollments", enrollments, false)).toMatchObject({ enrollments: 5000 })
      })
  )
})
