/** A person's device that takes push messages. */
import { Schema } from "effect"
import { PushTargetId } from "./Ids.ts"

export const Platform = Schema.Literals(["ANDROID", "IOS", "WEB"])
export type Platform = typeof Platform.Type

/** What the device was given to be reached by; whoever has it can write to the device, so nobody reads it again. */
const PushToken = Schema.RedactedFromValue(
  Schema.String.check(
    Schema.isPattern(/^[\x21-\x7e]{16,4096}$/u, { expected: "a device's token, 16 to 4,096 characters without blanks" })
  )
)

export const NewPushTarget = Schema.Struct({ platform: Platform, token: PushToken })
export type NewPushTarget = typeof NewPushTarget.Type

/** A device as its owner sees it. */
export const PushTargetView = Schema.Struct({
  id: PushTargetId,
  platform: Platform,
  /** The token's last six characters, by which its owner may know it. */
  tokenEnding: Schema.String,
  /** When it registered the last time. */
  registeredAt: Schema.DateTimeUtc
})
export type PushTargetView = typeof PushTargetView.Type

/** A member has at most so many devices: with one more, the one goes that registered the longest ago. */
export const mostPushTargets = 10
