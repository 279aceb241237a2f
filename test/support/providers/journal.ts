/** What the fake providers saw and did. Every test of faults ends with it: `duplicates()` is empty. */
import type { Fault } from "./script.ts"

/** A message that went out: at the moment when a person's phone can no longer be spared it. */
export interface Sent {
  readonly provider: "solapi" | "fcm"
  /** What the client named it by; empty where it named nothing. */
  readonly dispatchId: string
  /** The provider's name for it. */
  readonly messageId: string
  /** Digits of a number, or an FCM token. */
  readonly to: string
  readonly from: string
  readonly type: string
  /** As a person reads it: a template with its variables put in. */
  readonly text: string
  readonly templateId: string | null
  /** Milliseconds of the providers' clock. */
  readonly at: number
}

export interface Requested {
  readonly provider: string
  readonly method: string
  readonly path: string
  readonly at: number
  readonly fault: Fault | null
  /** `null` where no answer was given, or not yet. */
  readonly status: number | null
}

/** A receipt that was posted. */
export interface Posted {
  readonly messageId: string
  readonly statusCode: string
  /** What the webhook answered; `null` when it did not. */
  readonly answered: number | null
}

/** `onSent` is called for each message that goes out. */
export const makeJournal = (onSent: (sent: Sent) => void = () => undefined) => {
  const all: Array<Sent> = []
  const requests: Array<Requested> = []
  const receipts: Array<Posted> = []
  const alerts: Array<{ readonly text: string; readonly at: number }> = []

  const of = (dispatchId: string) => all.filter((one) => one.dispatchId === dispatchId)
  /**
   * Dispatch ids with more than one message to the same phone; those without an id count as one, for they cannot be told
   * apart. A push goes to each device of a person.
   */
  const duplicates = () => {
    const phones = Map.groupBy(all, ({ dispatchId, to }) => `${dispatchId} ${to}`)
    return [...new Set([...phones.values()].flatMap(([one, again]) => one && again ? [one.dispatchId] : []))]
  }

  return {
    all,
    requests,
    receipts,
    /** What Slack showed. */
    alerts,
    of,
    countOf: (dispatchId: string) => of(dispatchId).length,
    duplicates,
    sent: (one: Sent) => {
      all.push(one)
      onSent(one)
    },
    /** Notes a request and gives the way to tell its end. */
    request: (one: Pick<Requested, "provider" | "method" | "path" | "at">) => {
      const index = requests.push({ ...one, fault: null, status: null }) - 1
      return (more: Partial<Pick<Requested, "fault" | "status">>) => {
        const now = requests[index]
        if (now !== undefined) requests[index] = { ...now, ...more }
      }
    },
    json: () => ({ sent: all, requests, receipts, alerts, duplicates: duplicates() })
  }
}
export type Journal = ReturnType<typeof makeJournal>
