/** What the office decides about the channels of its academy. */
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { change, type ChannelChange, type ChannelView, NoCredentialsKey } from "../../domain/AcademyChannel.ts"
import type { NotificationChannel } from "../../domain/Channel.ts"
import { type AcademyNotNamed, type NotAllowed, NotFound } from "../../domain/Errors.ts"
import { asSeen, type Seen, type Stale } from "../../domain/Version.ts"
import { AuditTrail } from "../../ports/AuditTrail.ts"
import { ChannelRepository, type SealedAccount } from "../../ports/ChannelRepository.ts"
import { NotificationPort } from "../../ports/NotificationPort.ts"
import { Seals } from "../../ports/Seals.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"

type Denied = NotAllowed | AcademyNotNamed | NotFound | Refusal | StorageUnavailable

export class ChannelCommands extends Context.Service<ChannelCommands, {
  readonly change: (
    channel: NotificationChannel,
    to: ChannelChange,
    seen?: Seen
  ) => Effect.Effect<ChannelView, Denied | NoCredentialsKey | Stale, CurrentActor>
}>()("ams/ChannelCommands") {
  static readonly layer = Layer.effect(
    ChannelCommands,
    Effect.gen(function*() {
      const channels = yield* ChannelRepository
      const audit = yield* AuditTrail
      const seals = yield* Seals
      const { ways } = yield* NotificationPort
      const unitOfWork = yield* UnitOfWork

      const sealed = Effect.fnUntraced(
        function*(account: ChannelChange["credentials"]): Effect.fn.Return<SealedAccount, NoCredentialsKey> {
          if (account === undefined) return "as it was"
          if (account === null) return "none"
          if (seals.seal === null) return yield* new NoCredentialsKey()
          const { apiKey, apiSecret } = account
          return yield* seals.seal(
            JSON.stringify({ apiKey: Redacted.value(apiKey), apiSecret: Redacted.value(apiSecret) })
          )
        }
      )

      return ChannelCommands.of({
        change: Effect.fn("ChannelCommands.change")(function*(channel, to, seen) {
          const { academyId, memberId: actorId } = yield* allowInAcademy("channel:change")
          const way = ways.find((one) => one.channel === channel)
          if (way === undefined) return yield* new NotFound({ what: "channel", id: channel })
          const account = yield* sealed(to.credentials)
          return yield* unitOfWork.run(
            { academyId, actor: actorId },
            Effect.gen(function*() {
              const before = yield* channels.find(academyId, channel)
              if (Option.isNone(before)) return yield* new NotFound({ what: "academy", id: academyId })
              const its = yield* Effect.fromResult(asSeen(before.value.channel, seen))
              const academy = { id: academyId, version: before.value.academyVersion }
              const { audit: entry, channel: after, event } = change(its, to, academy)
              yield* channels.put(academyId, after, account, to.templates ?? {})
              yield* audit.write({ academyId, actorId, channel: "API", ...entry })
              yield* (yield* Transaction).append(event)
              return { ...after, carried: way.on }
            })
          )
        })
      })
    })
  )
}
