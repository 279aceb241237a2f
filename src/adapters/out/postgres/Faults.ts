/** The one place where database errors become what the ports speak of. */
import { Duration, Effect } from "effect"
import type { SqlError } from "effect/sql"
import { ClassroomNameTaken } from "../../../domain/Classroom.ts"
import { ChangedMeanwhile } from "../../../domain/Errors.ts"
import { AlreadyGuardian } from "../../../domain/Guardianship.ts"
import { LoginIdTaken, PhoneTaken, RegistrationNumberTaken } from "../../../domain/Member.ts"
import { type Refusal, StorageUnavailable } from "../../../ports/UnitOfWork.ts"

/** Constraint → what it means. */
const refusals: Readonly<Record<string, () => Refusal>> = {
  academy_registration_number: () => new RegistrationNumberTaken(),
  member_phone: () => new PhoneTaken(),
  member_login_id: () => new LoginIdTaken(),
  guardianship_pair: () => new AlreadyGuardian(),
  classroom_name: () => new ClassroomNameTaken()
}

/** Constraints that only a collision can violate: read again and decide again. */
const collisions: ReadonlySet<string> = new Set([
  "attendance_session_student",
  "attendance_change_pkey",
  "class_session_origin",
  "absence_decision_once",
  "roll_chase_once",
  "notification_once"
])

const field = (cause: unknown, name: "code" | "constraint"): string | undefined => {
  if (typeof cause !== "object" || cause === null) return undefined
  const value: unknown = Reflect.get(cause, name)
  return typeof value === "string" ? value : undefined
}

/** The session is gone, and with it whatever it had not committed. */
export const isLost = (error: SqlError.SqlError): boolean =>
  error.reason._tag === "ConnectionError" || /^57P0[1-5]$/.test(field(error.reason.cause, "code") ?? "")

/**
 * A failed statement in the ports' words; a mistake of ours (syntax, type, missing table) is none of them and stays a
 * defect.
 */
export const classify = (error: SqlError.SqlError): Refusal | StorageUnavailable | undefined => {
  const { reason } = error
  switch (reason._tag) {
    case "SerializationError":
    case "DeadlockError":
      return new StorageUnavailable({ conflict: true, cause: error })
    case "ConnectionError":
    case "LockTimeoutError":
    case "StatementTimeoutError":
      return new StorageUnavailable({ conflict: false, cause: error })
    case "UniqueViolation": {
      if (collisions.has(reason.constraint)) return new StorageUnavailable({ conflict: true, cause: error })
      return refusals[reason.constraint]?.()
    }
    default: {
      const code = field(reason.cause, "code")
      // Raised by expect_rows: the row changed since it was read.
      if (code === "AM001") return new StorageUnavailable({ conflict: true, cause: error })
      // Shutting down, crashed, starting up, read-only: the database, not us. 53: out of connections, disk, memory.
      if (code !== undefined && /^(57P0[1-5]|53\d{3}|25006|25P03)$/.test(code)) {
        return new StorageUnavailable({ conflict: false, cause: error })
      }
      return undefined
    }
  }
}

/** For reads and for writes that no constraint refuses: unavailable, or a defect. */
export const orUnavailable = <A, R>(
  effect: Effect.Effect<A, SqlError.SqlError, R>
): Effect.Effect<A, StorageUnavailable, R> =>
  Effect.catch(effect, (error) => {
    const known = classify(error)
    return known instanceof StorageUnavailable ? Effect.fail(known) : Effect.die(error)
  })

/** The same, given up after this: a connection may hang without ever saying so. */
export const inTime =
  (patience: Duration.Duration) =>
  <A, R>(effect: Effect.Effect<A, SqlError.SqlError, R>): Effect.Effect<A, StorageUnavailable, R> =>
    Effect.timeoutOrElse(orUnavailable(effect), {
      duration: patience,
      orElse: () =>
        Effect.fail(
          new StorageUnavailable({ conflict: false, cause: new Error(`no answer within ${Duration.format(patience)}`) })
        )
    })

export const changedMeanwhile = new ChangedMeanwhile()
