/** Messages as people read them at a terminal. */
import { DateTime } from "effect"
import { ownReasons, sentenceOf } from "../../../application/operations/Reasons.ts"
import type { Tested } from "../../../application/operations/TestMessage.ts"
import type { Outcome } from "../../../domain/Message.ts"
import type { SentMessage, SentMessageInFull } from "../../../ports/NotificationHistory.ts"
import { instant, list, table } from "./Output.ts"

const at = (time: DateTime.Utc | null) => (time === null ? "" : instant(DateTime.toDateUtc(time)))

/** As programs read one: the reason with its sentence. */
export const asAnswer = <A extends SentMessage>(message: A) => ({
  ...message,
  reason: message.reason === null ? null : { rule: message.reason, text: sentenceOf(message.reason).en }
})

/** What one message tells, as in `CHECK_IN 김민준, 김서연`. */
const news = ({ lines }: SentMessage) => {
  const kinds = [...new Set(lines.map(({ kind }) => kind))]
  const students = lines.flatMap(({ studentName }) => (studentName === null ? [] : [studentName]))
  return [kinds.join(", "), students.join(", ")].filter((part) => part !== "").join(" ")
}

export const messagesText = (messages: ReadonlyArray<SentMessage>) =>
  table(messages, [
    { title: "ID", value: ({ id }) => id },
    { title: "PLANNED AT", value: ({ plannedAt }) => at(plannedAt) },
    { title: "STATUS", value: ({ status }) => status },
    { title: "CHANNEL", value: ({ channel }) => channel ?? "none" },
    { title: "REASON", value: ({ reason }) => reason ?? "", width: 30 },
    { title: "RECIPIENT", value: ({ recipient }) => recipient.name, width: 20 },
    { title: "NUMBER", value: ({ recipient }) => recipient.phone ?? "none" },
    { title: "NEWS", value: news, width: 50 }
  ])

export const messageText = (message: SentMessageInFull) => {
  const { attempts, reason, recipient, resent } = message
  return [
    list([
      ["id", message.id],
      ["academy", message.academyId],
      ["recipient", `${recipient.name}, ${recipient.phone ?? "no number"} (${recipient.id})`],
      ["status", message.status],
      ["channel", message.channel ?? "none"],
      ...(reason === null ? [] : [["reason", `${reason}: ${sentenceOf(reason).en}`] as const]),
      ...message.lines.map(({ kind, leaveId, sessionId, studentName }) =>
        [
          "news",
          [kind, studentName ?? "", sessionId === null ? `leave ${leaveId}` : `session ${sessionId}`]
            .filter((part) => part !== "").join(", ")
        ] as const
      ),
      ["planned at", at(message.plannedAt)],
      ["deliver by", at(message.deliverBy)],
      ...(message.acceptedAt === null ? [] : [["accepted at", at(message.acceptedAt)] as const]),
      ...(message.deliveredAt === null ? [] : [["delivered at", at(message.deliveredAt)] as const]),
      ...(message.resendOf === null ? [] : [["resend of", message.resendOf] as const]),
      ...(resent === null ? [] : [["resent by", `${resent.by ?? "the terminal"}: ${resent.reason}`] as const]),
      ...message.resends.map((id) => ["resent as", id] as const)
    ]),
    "",
    attempts.length === 0 ? "It was never tried." : table(attempts, [
      { title: "TRY", value: ({ number }) => number, align: "right" },
      { title: "BEGAN AT", value: ({ startedAt }) => at(startedAt) },
      { title: "ENDED AT", value: ({ finishedAt }) => at(finishedAt) },
      { title: "CHANNEL", value: ({ channel }) => channel },
      { title: "PROVIDER", value: ({ provider }) => provider },
      { title: "OUTCOME", value: ({ outcome }) => outcome ?? "" },
      { title: "RULE", value: ({ rule }) => rule ?? "" },
      { title: "KEY", value: ({ keyKept }) => (keyKept ? "kept" : "none") },
      { title: "RECEIPT", value: ({ receipt }) => receipt ?? "" },
      { title: "RECEIPT AT", value: ({ receiptAt }) => at(receiptAt) },
      { title: "KRW", value: ({ cost }) => cost ?? "", align: "right" }
    ])
  ].join("\n")
}

/** What to do after a test that ended so. */
const next: Readonly<Record<Outcome["_tag"], string>> = {
  Accepted: "The provider took it: see that it arrives.",
  Delivered: "It arrived.",
  NotSent: "It did not go out, and trying again is safe: see that the provider can be reached from here.",
  Ambiguous: "It may have gone out: see whether it arrives before you try again.",
  Uncertain: "The provider cannot say whether it went out: see whether it arrives before you try again.",
  InvalidRecipient: "The provider does not know this number: see that it is written right.",
  ChannelUnavailable: "Not on this channel: the number has none of it, or sender, profile or template are missing.",
  OptedOut: "Whoever has this number told the provider not to: try another one.",
  Refused: "The provider does not take it as it is: see that sender, profile and template are registered there.",
  Account: "The provider refuses our account: see the key, its secret, the balance, and the addresses it allows."
}

/** Did the test show that the channel works? */
export const works = ({ outcome }: Tested): boolean => outcome._tag === "Accepted" || outcome._tag === "Delivered"

export const testedText = ({ outcome, provider }: Tested) =>
  list([["provider", provider], ["outcome", outcome._tag], ["rule", outcome.rule]])

/** What to do after a test, and what is behind its rule where AMS itself knows that. */
export const whatNext = ({ outcome, provider }: Tested): string => {
  if (provider === "none") return "Nobody carries this channel: set its provider up, see .env.example."
  if (provider === "sandbox" && outcome._tag === "Accepted") return "It is in the inbox of development: /dev/inbox."
  return ownReasons.includes(outcome.rule)
    ? `${sentenceOf(outcome.rule).en} ${next[outcome._tag]}`
    : next[outcome._tag]
}
