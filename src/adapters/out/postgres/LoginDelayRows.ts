import { DateTime, Duration, Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { forgottenAfter, waitFor } from "../../../domain/LoginDelay.ts"
import { LoginDelays } from "../../../ports/LoginDelays.ts"
import { orUnavailable } from "./Faults.ts"

const decode = Schema.decodeUnknownSync(Schema.Struct({ count: Schema.Int, lastAt: Schema.DateTimeUtcFromDate }))

export const makeDelays = (sql: SqlClient.SqlClient, keyOf: (key: string) => Uint8Array) =>
  LoginDelays.of({
    waitFor: Effect.fn("LoginDelays.waitFor")(function*(key, now) {
      const [row] = yield* orUnavailable(
        sql`select failures as count, failed_at as "lastAt" from login_delay where key = ${keyOf(`delay ${key}`)}`
      )
      return row === undefined ? Duration.zero : waitFor(decode(row), now)
    }),
    failed: Effect.fn("LoginDelays.failed")(function*(key, now) {
      const at = DateTime.toDateUtc(now)
      const forgotten = DateTime.toDateUtc(DateTime.subtractDuration(now, forgottenAfter))
      yield* orUnavailable(sql`
        insert into login_delay as d (key, failures, failed_at) values (${keyOf(`delay ${key}`)}, 1, ${at})
        on conflict (key) do update set failed_at = ${at},
          failures = case when d.failed_at <= ${forgotten} then 1 else d.failures + 1 end`)
    }),
    succeeded: Effect.fn("LoginDelays.succeeded")(function*(key) {
      yield* orUnavailable(sql`delete from login_delay where key = ${keyOf(`delay ${key}`)}`)
    })
  })
