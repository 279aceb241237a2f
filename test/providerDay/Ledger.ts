/** After the day: what was planned for each guardian, beside what the phones have shown. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { MemberId } from "../../src/domain/Ids.ts"
import type { Sent } from "../support/providers/journal.ts"
import { carrierCode, type Guardian } from "./School.ts"

/** One guardian and one thing to be told. */
export interface Planned {
  readonly kind: string
  readonly studentId: MemberId
  readonly student: string
  readonly recipientId: MemberId
  readonly messageId: string
  readonly status: string
  readonly channel: string | null
  readonly reason: string | null
  /** Our ids of the message's attempts. */
  readonly dispatches: ReadonlyArray<string>
}

export const planned = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<Planned>`
    select n.kind, n.student_id as "studentId", s.name as student, n.recipient_id as "recipientId",
      m.id as "messageId", m.status, m.channel, m.reason,
      array(select a.id::text from message_attempt a where a.message_id = m.id) as dispatches
    from notification n join message m on m.id = n.message_id join member s on s.id = n.student_id
    join guardianship g on g.student_id = n.student_id and g.parent_id = n.recipient_id
    order by n.id`
})

export type Verdict = "told" | "perhaps" | "not reached" | "twice" | "lost" | "wrongly not reached"

export interface Judged extends Planned {
  readonly verdict: Verdict
  /** When a phone first showed it, and when it last did; milliseconds. */
  readonly first: number
  readonly last: number
}

const unreached = ["UNDELIVERED", "EXPIRED", "SKIPPED"]

/** Each with what came of it. A phone shows a message when the carrier has given it the code 4000. */
export const judge = (
  all: ReadonlyArray<Planned>,
  sent: ReadonlyArray<Sent>,
  guardians: ReadonlyMap<MemberId, Guardian>
): ReadonlyArray<Judged> => {
  const byDispatch = Map.groupBy(sent, ({ dispatchId }) => dispatchId)
  return all.map((one) => {
    const trait = guardians.get(one.recipientId)?.trait ?? "plain"
    const names = new RegExp(`${one.student}(?!\\d)`)
    /** By attempt: the same push on two devices of a person is one. */
    const shown = one.dispatches.flatMap((id) => {
      const arrived = (byDispatch.get(id) ?? []).filter((message) =>
        carrierCode(message.provider === "fcm" ? "plain" : trait, message.type) === "4000" && names.test(message.text)
      )
      return arrived.length === 0 ? [] : [arrived.map(({ at }) => at)]
    })
    const times = shown.flat()
    const verdict = (): Verdict => {
      if (shown.length > 1) return "twice"
      if (one.status === "UNKNOWN") return "perhaps"
      if (unreached.includes(one.status)) return shown.length === 0 ? "not reached" : "wrongly not reached"
      return shown.length === 1 && ["ACCEPTED", "DELIVERED"].includes(one.status) ? "told" : "lost"
    }
    return { ...one, verdict: verdict(), first: Math.min(...times), last: Math.max(...times) }
  })
}

/** "Missing" that came to a person after the same person had heard that the same child was there. */
export const tooLate = (judged: ReadonlyArray<Judged>): ReadonlyArray<Judged> => {
  const there = ["CHECK_IN", "LATE", "ARRIVED"]
  return judged.filter((one) =>
    one.kind === "MISSING" &&
    judged.some((other) =>
      there.includes(other.kind) && other.studentId === one.studentId && other.recipientId === one.recipientId &&
      other.first < one.last
    )
  )
}

/** Messages that several attempts carried to the end; whatever they told. */
export const arrivedTwice = (
  all: ReadonlyArray<Planned>,
  sent: ReadonlyArray<Sent>,
  guardians: ReadonlyMap<MemberId, Guardian>
): ReadonlyArray<string> => {
  const arrived = new Map<string, Set<string>>()
  const messageOf = new Map(
    all.flatMap(({ dispatches, messageId, recipientId }) =>
      dispatches.map((id) => [id, { messageId, trait: guardians.get(recipientId)?.trait ?? "plain" }] as const)
    )
  )
  for (const { dispatchId, provider, type } of sent) {
    const found = messageOf.get(dispatchId)
    if (found === undefined || carrierCode(provider === "fcm" ? "plain" : found.trait, type) !== "4000") continue
    arrived.set(found.messageId, (arrived.get(found.messageId) ?? new Set()).add(dispatchId))
  }
  return [...arrived].filter(([, attempts]) => attempts.size > 1).map(([id]) => id)
}
