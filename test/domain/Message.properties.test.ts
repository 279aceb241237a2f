/** Whatever providers, receipts and clocks do: what may have gone out is not sent again, and what was said stays true. */
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Schema } from "effect"
import { NotificationChannel } from "../../src/domain/Channel.ts"
import { MessageId } from "../../src/domain/Ids.ts"
import { conclude, type Conclusion, type Message, type Outcome, receive } from "../../src/domain/Message.ts"
import { uuid } from "./given.ts"

const channels = ["PUSH", "KAKAO_TALK", "SMS"].map((name) => NotificationChannel.make(name))
const deliverBy = DateTime.makeUnsafe("2026-03-02T07:30:00Z")

const Tag = Schema.Literals([
  "Accepted",
  "Delivered",
  "NotSent",
  "Ambiguous",
  "Uncertain",
  "InvalidRecipient",
  "ChannelUnavailable",
  "OptedOut",
  "Refused",
  "Account"
])
const Step = Schema.Struct({
  /** An answer to the attempt under way, the next attempt, or a receipt of one of the attempts so far. */
  what: Schema.Literals(["answer", "begin", "receipt", "receipt"]),
  tag: Tag,
  of: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 })),
  late: Schema.Boolean
})

const outcome = (tag: typeof Tag.Type): Outcome =>
  tag === "Accepted" ? { _tag: tag, rule: "r", providerId: "p" } : { _tag: tag, rule: "r" }

/** What may have reached the person: the attempt ended in a way that does not exclude it. */
const mayHaveGoneOut = (tags: ReadonlyArray<Outcome["_tag"]>) =>
  tags.some((tag) => tag === "Accepted" || tag === "Delivered" || tag === "Ambiguous" || tag === "Uncertain")
const surelyDidNot = (tags: ReadonlyArray<Outcome["_tag"]>) =>
  tags.some((tag) => ["NotSent", "InvalidRecipient", "ChannelUnavailable", "Refused", "Account"].includes(tag))

describe("a message", () => {
  it.prop(
    "is begun again only when the provider has said that it did not arrive, each time on a channel not tried before",
    [Schema.Array(Step).check(Schema.isMaxLength(24))],
    ([steps]) => {
      let message: Message = {
        id: MessageId.make(uuid(30)),
        status: "PLANNED",
        channel: channels[0] ?? NotificationChannel.make("PUSH"),
        attempts: 0,
        deliverBy
      }
      const said: Array<Array<Outcome["_tag"]>> = []
      const on: Array<NotificationChannel> = []
      let undelivered = 0
      const become = (conclusion: Conclusion) => {
        undelivered += conclusion.events.filter(({ type }) => type === "NotificationUndelivered").length
        const planned = conclusion.events.filter(({ type }) => type === "MessagePlanned")
        // A message is planned anew exactly when it takes another way.
        expect(planned.length).toBe(conclusion.channel === message.channel ? 0 : 1)
        if (message.status === "DELIVERED" || message.status === "SKIPPED") {
          expect(conclusion.status).toBe(message.status)
        }
        message = { ...message, status: conclusion.status, channel: conclusion.channel }
      }
      for (const { late, of, tag, what } of steps) {
        const now = late ? DateTime.add(deliverBy, { seconds: 1 }) : deliverBy
        const next = channels.find((one) => one !== message.channel && !on.includes(one)) ?? null
        if (what === "begin" && message.status === "PLANNED") {
          // The moment of truth: everything sent before has been said not to have arrived.
          for (const tags of said) expect(surelyDidNot(tags) || !mayHaveGoneOut(tags)).toBe(true)
          message = { ...message, status: "SENDING", attempts: message.attempts + 1 }
          said.push([])
          on.push(message.channel)
        } else if (what === "answer" && message.status === "SENDING") {
          said.at(-1)?.push(tag)
          become(conclude(message, outcome(tag), { now, next }))
        } else if (what === "receipt" && of <= message.attempts) {
          said[of - 1]?.push(tag)
          const conclusion = receive(message, of, outcome(tag), { now, next })
          if (conclusion !== null) become(conclusion)
        }
      }
      // One word of having failed, at most: what is undelivered is begun by no receipt and no answer.
      expect(undelivered).toBeLessThanOrEqual(1)
      if (message.status === "DELIVERED") expect(said.flat()).toContain("Delivered")
    },
    { arbitrary: { runs: 2000 } }
  )
})
