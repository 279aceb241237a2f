import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AcademyId } from "../../../domain/Ids.ts"
import { PhoneNumber } from "../../../domain/PhoneNumber.ts"
import { triesAllowed } from "../../../domain/PhoneVerification.ts"
import { PhoneVerifications } from "../../../ports/PhoneVerifications.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep } from "./PostgresUnitOfWork.ts"

const decodeTry = Schema.decodeUnknownSync(Schema.Struct({ proof: Schema.NullOr(Schema.String) }))
const decodePhone = Schema.decodeUnknownSync(
  Schema.Struct({ phone: PhoneNumber, academyId: Schema.NullOr(AcademyId) })
)
const date = DateTime.toDateUtc
const bytes = (hash: string) => Buffer.from(hash, "hex")

export const layer = Layer.effect(
  PhoneVerifications,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient

    return PhoneVerifications.of({
      insert: ({ academyId, createdAt, expiresAt, id, phone, purpose }, proof) =>
        keep(
          command,
          command`insert into phone_verification ${
            command.insert({
              id,
              academy_id: academyId,
              phone,
              purpose,
              proof,
              expires_at: date(expiresAt),
              created_at: date(createdAt)
            })
          }`
        ),
      tryOnce: Effect.fnUntraced(function*(id, now) {
        const [row] = yield* orUnavailable(command`
          update phone_verification set tries = tries + 1
          where id = ${id} and tries < ${triesAllowed} and expires_at > ${date(now)} and verified_at is null
          returning proof`)
        return row === undefined ? Option.none() : Option.some(decodeTry(row))
      }),
      verified: Effect.fnUntraced(function*(id, { expiresAt, hash }, now) {
        const rows = yield* orUnavailable(command`
          update phone_verification
          set verified_at = ${date(now)}, token_hash = ${bytes(hash)}, token_expires_at = ${date(expiresAt)}
          where id = ${id} and verified_at is null returning id`)
        return rows.length === 1
      }),
      find: Effect.fn("PhoneVerifications.find")(function*(token, purpose, now) {
        const [row] = yield* orUnavailable(sql`
          select phone, academy_id as "academyId" from phone_verification
          where token_hash = ${bytes(token)} and purpose = ${purpose} and used_at is null
            and token_expires_at > ${date(now)}`)
        return row === undefined ? Option.none() : Option.some(decodePhone(row))
      }),
      use: Effect.fnUntraced(function*(token, purpose, now) {
        const [row] = yield* orUnavailable(command`
          update phone_verification set used_at = ${date(now)}
          where token_hash = ${bytes(token)} and purpose = ${purpose} and used_at is null
            and token_expires_at > ${date(now)}
          returning phone, academy_id as "academyId"`)
        return row === undefined ? Option.none() : Option.some(decodePhone(row))
      })
    })
  })
)
