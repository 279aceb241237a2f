/** How the academy appears on the channels of the system, for its office. */
import { Context, Effect, Layer } from "effect"
import { type ChannelView, type ReviewText, reviewTexts } from "../../domain/AcademyChannel.ts"
import type { AcademyNotNamed, NotAllowed } from "../../domain/Errors.ts"
import { ChannelRepository } from "../../ports/ChannelRepository.ts"
import { NotificationPort } from "../../ports/NotificationPort.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"

export class ChannelQueries extends Context.Service<ChannelQueries, {
  /** In the order in which they are tried. */
  readonly channels: Effect.Effect<
    ReadonlyArray<ChannelView>,
    NotAllowed | AcademyNotNamed | StorageUnavailable,
    CurrentActor
  >
  /** What to hand in for review at KakaoTalk: the same for every academy. */
  readonly texts: Effect.Effect<ReadonlyArray<typeof ReviewText.Type>, NotAllowed | AcademyNotNamed, CurrentActor>
}>()("ams/ChannelQueries") {
  static readonly layer = Layer.effect(
    ChannelQueries,
    Effect.gen(function*() {
      const channels = yield* ChannelRepository
      const { ways } = yield* NotificationPort
      const carried = new Set(ways.filter(({ on }) => on).map(({ channel }) => channel))
      return ChannelQueries.of({
        channels: Effect.gen(function*() {
          const { academyId } = yield* allowInAcademy("channel:read")
          const found = yield* channels.list(academyId, ways.map(({ channel }) => channel))
          return found.map((one) => ({ ...one, carried: carried.has(one.channel) }))
        }).pipe(Effect.withSpan("ChannelQueries.channels")),
        texts: Effect.as(allowInAcademy("channel:read"), reviewTexts).pipe(Effect.withSpan("ChannelQueries.texts"))
      })
    })
  )
}
