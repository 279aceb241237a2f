/** What the tests of imports share: an academy's office that brings files. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { ClassCommands } from "../../../src/application/commands/ClassCommands.ts"
import { ImportCommands, type Watching } from "../../../src/application/commands/ImportCommands.ts"
import { MemberCommands } from "../../../src/application/commands/MemberCommands.ts"
import type { ImportKind } from "../../../src/domain/Import.ts"
import { type DayOfWeek, LocalDate, LocalTime } from "../../../src/domain/LocalTime.ts"
import type { Actor } from "../../../src/domain/Permission.ts"
import { as, person } from "../../support/academy.ts"

export const importing = (
  kind: ImportKind,
  text: string,
  by: Actor,
  { dryRun = false, watching = () => Effect.void }: { readonly dryRun?: boolean; readonly watching?: Watching } = {}
) =>
  Effect.gen(function*() {
    const run = yield* (yield* ImportCommands).asMember(kind).pipe(as(by))
    return yield* run({ bytes: new TextEncoder().encode(text), dryRun }, watching)
  })

/** Rows of every table that an import writes to, with what is in them. */
export const stored = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ digest: string }>`select md5(string_agg(x, ',' order by x)) as digest from (
    select m::text as x from member m union all select r::text from member_role r
    union all select s::text from student_profile s union all select t::text from teacher_profile t
    union all select g::text from guardianship g union all select e::text from enrollment e
    union all select v::text from event v union all select d::text from event_delivery d
    union all select a::text from audit_entry a) all_rows`
  return row?.digest
})

export const open = (name: string, day: DayOfWeek, by: Actor, capacity = 10) =>
  Effect.gen(function*() {
    const teacher = yield* (yield* MemberCommands).create(person("TEACHER"))
    return yield* (yield* ClassCommands).create({
      name,
      subject: "수학",
      teacherId: teacher.id,
      capacity,
      startDate: LocalDate.make("2026-03-02"),
      schedules: [{ dayOfWeek: day, startTime: LocalTime.make("16:00"), endTime: LocalTime.make("17:00") }]
    })
  }).pipe(as(by))

export const headings = "이름,생년월일,학교,학년,보호자 이름,보호자 전화번호"
export const pupils = (count: number, name = "학생") =>
  Array.from(
    { length: count },
    (_, n) => `${name}${n},2015-03-02,한빛초,초3,보호자${n},010-4000-${String(n).padStart(4, "0")}`
  )
