import { Array as Arr, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AcademyId, MemberId } from "../../../domain/Ids.ts"
import { Erasure } from "../../../ports/Erasure.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { first, memberSelect } from "./MemberRows.ts"
import { keep, lock } from "./PostgresUnitOfWork.ts"

const decodeDue = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ academyId: AcademyId, id: MemberId })))

export const layer = Layer.effect(
  Erasure,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient
    return Erasure.of({
      due: Effect.fn("Erasure.due")(function*(before, limit) {
        return decodeDue(
          yield* orUnavailable(sql`
            select academy_id as "academyId", id from member
            where status = 'INACTIVE' and erased_at is null and academy_id is not null
              and updated_at < ${DateTime.toDateUtc(before)}
            order by updated_at limit ${limit}`)
        )
      }),
      academyOf: Effect.fn("Erasure.academyOf")(function*(id) {
        const rows = decodeDue(
          yield* orUnavailable(sql`
            select academy_id as "academyId", id from member
            where id = ${id} and erased_at is null and academy_id is not null`)
        )
        return Option.map(Arr.head(rows), ({ academyId }) => academyId)
      }),
      hold: Effect.fnUntraced(function*(academyId, id) {
        const where = command`m.id = ${id} and m.erased_at is null and m.academy_id = ${academyId}`
        yield* lock(command, command`select from member m where ${where} for no key update`)
        return first(yield* orUnavailable(command`${memberSelect(command)} where ${where}`))
      }),
      write: Effect.fnUntraced(function*(before, { id, name, version }, now) {
        const writes = [
          command`delete from student_profile where member_id = ${id}`,
          command`delete from teacher_profile where member_id = ${id}`,
          command`delete from former_password where member_id = ${id}`,
          command`delete from login_session where member_id = ${id}`,
          command`delete from push_target where member_id = ${id}`,
          command`delete from notification_preference where member_id = ${id}`,
          command`delete from phone_verification where phone = ${before.phone}::text`,
          command`delete from sandbox_message where recipient = ${before.phone}::text`,
          command`update leave_note set reason = '', answer = null where student_id = ${id}`,
          command`update attendance set note = null where student_id = ${id} and note is not null`,
          command`update attendance_change set reason = null where reason is not null
            and attendance_id in (select a.id from enrollment e join class_session s on s.class_id = e.class_id
              join attendance a on a.session_id = s.id and a.student_id = e.student_id where e.student_id = ${id})`,
          command`update message set resend_reason = null where recipient_id = ${id} and resend_reason is not null`
        ]
        yield* Effect.forEach(writes, (write) => keep(command, write), { discard: true })
        yield* keep(
          command,
          command`update member set name = ${name}, phone = null, phone_shared = true, birth_date = null, gender = null,
            login_id = null, password_hash = null, last_login_at = null, erased_at = ${DateTime.toDateUtc(now)},
            version = ${version}, updated_at = now() where id = ${id} and version = ${version - 1}`,
          1
        )
      })
    })
  })
)
