import { Effect, Layer, Schema } from "effect"
import { createHash, createHmac } from "node:crypto"
import { Idempotency, KeyUsedOtherwise, StillRunning } from "../../../ports/Idempotency.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { around, keep } from "./PostgresUnitOfWork.ts"

const decode = Schema.decodeUnknownSync(Schema.Tuple([Schema.Struct({
  /** No other transaction is about this key. */
  free: Schema.Boolean,
  kept: Schema.NullOr(Schema.Struct({
    fingerprint: Schema.String,
    status: Schema.Int,
    headers: Schema.Record(Schema.String, Schema.String),
    body: Schema.Uint8ArrayFromHex
  }))
})]))

export const layer = Layer.effect(
  Idempotency,
  Effect.gen(function*() {
    const command = yield* CommandSql
    return Idempotency.of({
      once: ({ content, key, memberId }, act) => {
        const id = createHash("sha256").update(key).digest()
        const fingerprint = createHmac("sha256", key).update(content).digest()
        // The first one's lock goes with its transaction, so with its process, too.
        const look = command`
          select pg_try_advisory_xact_lock(hashtextextended(${memberId} || encode(${id}, 'hex'), 0)) as free,
            (select jsonb_build_object('fingerprint', encode(fingerprint, 'hex'), 'status', status, 'headers', headers,
                'body', encode(body, 'hex'))
              from idempotency_key where member_id = ${memberId} and key = ${id}
                and created_at > now() - interval '24 hours') as kept`
        return around(
          command,
          Effect.gen(function*() {
            const [{ free, kept }] = decode(yield* orUnavailable(look))
            if (kept !== null) {
              const { fingerprint: its, ...answer } = kept
              if (its !== fingerprint.toString("hex")) return yield* new KeyUsedOtherwise()
              return { answer, replayed: true }
            }
            if (!free) return yield* new StillRunning()
            const answer = yield* act
            // One that ended between our look and our lock has left a row: a collision, and its answer is found then.
            yield* keep(
              command,
              command`
                insert into idempotency_key (member_id, key, fingerprint, status, headers, body)
                values (${memberId}, ${id}, ${fingerprint}, ${answer.status}, ${JSON.stringify(answer.headers)}::jsonb,
                  ${answer.body})
                on conflict (member_id, key) do update set fingerprint = excluded.fingerprint, status = excluded.status,
                  headers = excluded.headers, body = excluded.body, created_at = excluded.created_at
                  where idempotency_key.created_at <= now() - interval '24 hours'`,
              1
            )
            return { answer, replayed: false }
          })
        )
      }
    })
  })
)
