import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { NotificationChannel } from "../../src/domain/Channel.ts"
import { NotificationKind } from "../../src/domain/Notification.ts"
import { CannotBeMuted, noPreference, NoSuchChannel, prefer } from "../../src/domain/NotificationPreference.ts"

const [push, sms, pigeon] = [
  NotificationChannel.make("PUSH"),
  NotificationChannel.make("SMS"),
  NotificationChannel.make("PIGEON")
]
const ways = [{ channel: push }, { channel: sms }]

describe("what a member wishes", () => {
  it("is taken as it is said, in its order", () => {
    const wished = { channels: [sms, push], muted: ["CHECK_IN", "LATE"] } as const
    assert.deepStrictEqual(prefer(wished, ways), Result.succeed(wished))
    assert.deepStrictEqual(prefer(noPreference, []), Result.succeed(noPreference))
  })

  it("names channels of this system only, and is told which those are", () => {
    assert.deepStrictEqual(
      prefer({ channels: [sms, pigeon], muted: [] }, ways),
      Result.fail(new NoSuchChannel({ channel: pigeon, known: [push, sms] }))
    )
  })

  it("mutes any kind but those of a child that is missing", () => {
    const never = NotificationKind.literals.filter((kind) =>
      Result.isFailure(prefer({ channels: [], muted: [kind] }, ways))
    )
    assert.deepStrictEqual(never, ["MISSING", "ARRIVED"])
    assert.deepStrictEqual(
      prefer({ channels: [], muted: ["CHECK_IN", "ARRIVED", "MISSING"] }, ways),
      Result.fail(new CannotBeMuted({ kind: "ARRIVED" }))
    )
  })
})
