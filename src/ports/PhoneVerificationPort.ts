/** Who sends codes to phones and knows them again: AMS itself over text messages, or a service that does both. */
import { Context, Data, type Effect, type Redacted } from "effect"
import type { AcademyId, PhoneVerificationId } from "../domain/Ids.ts"
import type { Locale } from "../domain/NotificationText.ts"
import type { PhoneNumber } from "../domain/PhoneNumber.ts"
import type { Purpose } from "../domain/PhoneVerification.ts"

/** No code could be sent now, or it is not known whether it was: ask again in a moment. */
export class CodeNotSent extends Data.TaggedError("CodeNotSent")<{
  /** As in `timeout` or `solapi-http-503`. */
  readonly rule: string
}> {}

export interface CodeRequest {
  readonly id: PhoneVerificationId
  readonly phone: PhoneNumber
  readonly purpose: Purpose
  readonly locale: Locale
  /** Whose sender it has; `null`: the system's. */
  readonly academyId: AcademyId | null
  /** False: instead of a code the person is told why there is none. */
  readonly fits: boolean
}

export class PhoneVerificationPort extends Context.Service<PhoneVerificationPort, {
  /**
   * One message, within 4 s. By what it answers the code is known again, a keyed hash or the service's own id; `null` where
   * no code was sent. A number that cannot be reached is not told apart from one that can.
   */
  readonly send: (request: CodeRequest) => Effect.Effect<string | null, CodeNotSent>
  /** Whether it is the code that was sent. Takes the same time for any code, and for none. */
  readonly check: (
    sent: { readonly id: PhoneVerificationId; readonly proof: string | null },
    code: Redacted.Redacted
  ) => Effect.Effect<boolean, CodeNotSent>
}>()("ams/PhoneVerificationPort") {}
