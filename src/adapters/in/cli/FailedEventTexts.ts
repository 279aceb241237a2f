/** Failed events, their groups and runs over them, as people read them. */
import { DateTime, Option } from "effect"
import type { FailedEvent, FailedEventGroup, FailedEventRun, Preview } from "../../../ports/FailedEventStore.ts"
import { instant, list, table } from "./Output.ts"

export const at = (time: DateTime.Utc) => instant(DateTime.toDateUtc(time))
/** Of a text that may be any: as it is, where it is no time. */
const atText = (text: string) =>
  Option.match(DateTime.make(text), { onNone: () => text, onSome: (time) => at(DateTime.toUtc(time)) })

export const many = (count: number) => (count === 1 ? "1 failed event" : `${count} failed events`)

export const eventsText = (events: ReadonlyArray<FailedEvent>) =>
  table(events, [
    { title: "ID", value: (event) => event.id },
    { title: "STATUS", value: (event) => event.status },
    { title: "LAST FAILED AT", value: (event) => at(event.lastFailedAt) },
    { title: "HANDLER", value: (event) => event.handler },
    { title: "EVENT", value: (event) => event.eventType },
    { title: "RULE", value: (event) => event.rule, width: 30 },
    { title: "TRIED", value: (event) => event.attempts.length, align: "right" },
    { title: "ERROR", value: (event) => event.error, width: 60 }
  ])

export const groupsText = (groups: ReadonlyArray<FailedEventGroup>) =>
  table(groups, [
    { title: "COUNT", value: (group) => group.count, align: "right" },
    { title: "ACADEMIES", value: (group) => group.academies, align: "right" },
    { title: "CLASS", value: (group) => group.class },
    { title: "FIRST FAILED AT", value: (group) => at(group.firstFailedAt) },
    { title: "LAST FAILED AT", value: (group) => at(group.lastFailedAt) },
    { title: "FINGERPRINT", value: (group) => group.fingerprint },
    { title: "SAMPLE", value: (group) => group.sample },
    { title: "ERROR", value: (group) => group.error, width: 60 }
  ])

/** What AMS does about it by itself. */
const onItsOwn = ({ nextRedriveAt, redrives, status }: FailedEvent) =>
  `${redrives} times` + (nextRedriveAt !== null
    ? `, next at ${at(nextRedriveAt)}`
    : status === "OPEN"
    ? ", never again: decide what becomes of it"
    : "")

export const eventText = (event: FailedEvent) =>
  [
    list([
      ["id", event.id],
      ["status", event.status],
      ["handler", event.handler],
      ["event", `${event.eventType} ${event.eventId}`],
      ["academy", event.academyId ?? "none"],
      ["class", event.class],
      ["rule", event.rule],
      ["error", event.error],
      ["fingerprint", event.fingerprint],
      ["first failed at", at(event.firstFailedAt)],
      ["last failed at", at(event.lastFailedAt)],
      ["replays", event.replays],
      ["by itself", onItsOwn(event)],
      ...(event.reason === null ? [] : [["reason", event.reason] as const]),
      ...(event.traceparent === null ? [] : [["trace", event.traceparent] as const])
    ]),
    "",
    table(event.attempts, [
      { title: "TRY", value: ({ number }) => number, align: "right" },
      { title: "AT", value: ({ at }) => atText(at) },
      { title: "CLASS", value: (attempt) => attempt.class },
      { title: "RULE", value: ({ rule }) => rule },
      { title: "ERROR", value: ({ error }) => error }
    ])
  ].join("\n")

/** As in `41 to replay, of these 2 expired; 3 done meanwhile`. */
export const previewText = (action: FailedEventRun["action"], { done, expired, open, replaying }: Preview) =>
  [
    action === "DISCARD"
      ? `${open} to discard`
      : `${open} to replay${expired === 0 ? "" : `, of these ${expired} expired: nobody will be told`}`,
    ...(replaying === 0 ? [] : [`${replaying} with their handlers now`]),
    ...(done === 0 ? [] : [`${done} done meanwhile`])
  ].join("; ")

/** What is done to them. */
export const doing = { REPLAY: "replayed", DISCARD: "discarded" }

export const ran = ({ action, done, skipped, total }: FailedEventRun) =>
  `${done} of ${total} ${doing[action]}${skipped === 0 ? "" : `, ${skipped} done meanwhile by others`}`

export const runsText = (runs: ReadonlyArray<FailedEventRun>) =>
  table(runs, [
    { title: "ID", value: (run) => run.id },
    { title: "STATUS", value: (run) => run.status },
    { title: "BEGAN AT", value: (run) => at(run.createdAt) },
    { title: "ACTION", value: (run) => run.action },
    { title: "DONE", value: (run) => run.done, align: "right" },
    { title: "SKIPPED", value: (run) => run.skipped, align: "right" },
    { title: "OF", value: (run) => run.total, align: "right" },
    { title: "A SECOND", value: (run) => run.rate, align: "right" }
  ])

export const runText = (run: FailedEventRun) => {
  const { academyId, failedBefore, failedFrom, ...named } = run.filter
  return list([
    ["id", run.id],
    ["status", run.status],
    ["action", run.action],
    ["academy", academyId ?? "every one"],
    ...Object.entries(named),
    ...(failedFrom === undefined ? [] : [["failed from", at(failedFrom)] as const]),
    ...(failedBefore === undefined ? [] : [["failed before", at(failedBefore)] as const]),
    ...(run.reason === null ? [] : [["reason", run.reason] as const]),
    ["rate", `${run.rate} a second`],
    ["total", run.total],
    ["done", run.done],
    ["skipped", run.skipped],
    ["began at", at(run.createdAt)],
    ...(run.finishedAt === null ? [] : [["ended at", at(run.finishedAt)] as const])
  ])
}
