/** Rows of an academy, as the repositories write them, for tests of what reads them. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"

/** Writes rows as the repositories do; each method gives the new row's id. */
export const seeding = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const insert = Effect.fnUntraced(
    function*(table: string, row: Record<string, string | number | boolean | Date | null>) {
      const id = randomUUID()
      yield* sql`insert into ${sql(table)} ${sql.insert({ id, version: 1, ...row })}`
      return id
    }
  )
  const academyId = yield* insert("academy", {
    name: "academy",
    registration_number: randomUUID(),
    time_zone: "Asia/Seoul",
    status: "ACTIVE",
    check_in_opens_before_minutes: 30,
    late_after_minutes: 10
  })
  const member = Effect.fnUntraced(
    function*(name: string, roles: ReadonlyArray<string>, academy: string | null = academyId) {
      const id = yield* insert("member", {
        academy_id: academy,
        name,
        phone_shared: true,
        locale: "ko",
        status: "ACTIVE"
      })
      for (const [n, role] of roles.entries()) {
        yield* sql`insert into member_role ${sql.insert({ member_id: id, role, is_primary: n === 0 })}`
      }
      return id
    }
  )
  const guardian = (student: string, parent: string, relationship: string, primary: boolean) =>
    insert("guardianship", {
      academy_id: academyId,
      student_id: student,
      parent_id: parent,
      relationship,
      is_primary: primary,
      may_be_told: true,
      consent_at: new Date(0)
    })
  const course = (teacher: string) =>
    insert("class", {
      academy_id: academyId,
      name: "Algebra",
      subject: "Mathematics",
      teacher_id: teacher,
      capacity: 12,
      start_date: "2026-03-01",
      status: "ACTIVE"
    })
  const slot = Effect.fnUntraced(function*(of: string, day: string, from: string, to: string) {
    const id = randomUUID()
    yield* sql`insert into class_schedule ${
      sql.insert({ id, class_id: of, day_of_week: day, start_time: from, end_time: to })
    }`
    return id
  })
  const session = (of: string, slot: string, day: string, status = "SCHEDULED") =>
    insert("class_session", {
      academy_id: academyId,
      class_id: of,
      schedule_id: slot,
      planned_on: day,
      day,
      starts_at: new Date("2026-03-02T07:30:00.120Z"),
      ends_at: new Date("2026-03-02T09:00:00Z"),
      status
    })
  const enroll = (into: string, student: string, from: string, until: string | null, status = "ACTIVE") =>
    insert("enrollment", {
      academy_id: academyId,
      class_id: into,
      student_id: student,
      from_date: from,
      until_date: until,
      status
    })
  const attend = (of: string, session: string, student: string, status: string, requested: Date | null = null) =>
    insert("attendance", {
      academy_id: academyId,
      session_id: session,
      class_id: of,
      student_id: student,
      status,
      requested_at: requested
    })
  return { sql, academyId, member, guardian, course, slot, session, enroll, attend }
})
