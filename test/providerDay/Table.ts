/** The day's promises, and the table of who was told what. */
import { table } from "../../src/adapters/in/cli/demo/Screen.ts"
import type { Day } from "./Day.ts"
import type { Judged, Verdict } from "./Ledger.ts"

const kinds: Readonly<Record<string, ReadonlyArray<string>>> = {
  there: ["CHECK_IN", "LATE", "ARRIVED"],
  corrected: ["CORRECTED"],
  missing: ["MISSING"]
}

/** Who should have been told something, and for whom nothing was planned. */
const unplanned = ({ due, judged }: Day) =>
  due.filter(({ guardian, student, what }) =>
    !judged.some((one) =>
      one.recipientId === guardian && one.studentId === student && kinds[what]?.includes(one.kind) === true
    )
  )

const list = (some: ReadonlyArray<Judged>) =>
  some.slice(0, 5).map(({ channel, kind, messageId, reason, status, student }) =>
    `${kind} of ${student}, ${status} ${channel ?? "-"} ${reason ?? "-"} (${messageId})`
  ).join("; ")

export interface Promised {
  readonly promise: string
  /** Empty when it was kept. */
  readonly broken: string
}

export const promises = (day: Day): ReadonlyArray<Promised> => {
  const { judged } = day
  const of = (...verdicts: ReadonlyArray<Verdict>) => list(judged.filter(({ verdict }) => verdicts.includes(verdict)))
  return [
    { promise: "everything came to its end", broken: day.quiet ? "" : `${day.open} things are on their way` },
    {
      promise: "for each guardian and occasion something was planned",
      broken: unplanned(day).slice(0, 5).map(({ student, what }) => `${what} of ${student}`).join("; ")
    },
    { promise: "nobody was told anything twice", broken: of("twice") },
    { promise: "no attempt sent two messages", broken: day.duplicates.join(", ") },
    { promise: "no message arrived by two attempts", broken: day.arrivedTwice.join(", ") },
    { promise: "who was to be told was told, or is on the list", broken: of("lost") },
    { promise: "nobody on the list was told", broken: of("wrongly not reached") },
    {
      promise: "everybody on the list is there for a reason",
      broken: list(judged.filter(({ reason, verdict }) => verdict === "not reached" && reason === null))
    },
    { promise: "nobody heard \"missing\" after \"there\"", broken: list(day.missingAfterArrival) },
    {
      promise: "only of a push it is not known whether it arrived",
      broken: list(judged.filter(({ channel, verdict }) => verdict === "perhaps" && channel !== "PUSH"))
    }
  ]
}

const counted = (some: ReadonlyArray<string>) =>
  [...Map.groupBy(some, (one) => one)].map(([one, all]) => `${all.length} ${one}`).sort().join(", ")

export const lines = (day: Day): ReadonlyArray<string> => {
  const { journal, judged } = day
  const row = (name: string, some: ReadonlyArray<Judged>) => {
    const of = (...verdicts: ReadonlyArray<Verdict>) => some.filter(({ verdict }) => verdicts.includes(verdict))
    return [
      name,
      String(some.length),
      String(of("told").length),
      String(of("perhaps").length),
      String(of("not reached").length),
      String(of("lost", "wrongly not reached").length),
      String(of("twice").length),
      counted(of("not reached").map(({ reason, status }) => `${status} ${reason ?? "(no reason)"}`))
    ]
  }
  const strikes = journal.requests.flatMap(({ fault, provider }) =>
    fault === null
      ? []
      : [`${provider} ${fault.kind === "answer" ? `429, Retry-After ${fault.retryAfter ?? "absent"}` : fault.kind}`]
  ).map((one) => one.replace(/Retry-After .* GMT$/, "Retry-After a date"))
  return [
    "",
    ...table([
      ["", "planned", "told", "perhaps", "not reached", "wrong", "twice", "why not reached"],
      ...[...Map.groupBy(judged, ({ kind }) => kind)].sort().map(([kind, some]) => row(kind, some)),
      row("all", judged)
    ]),
    "",
    `  calls: ${journal.requests.length}, of which ${counted(strikes)}`,
    `  messages that went out: ${journal.sent.length}; receipts posted: ${journal.receipts.length}, ${
      journal.receipts.filter(({ answered }) => answered !== 200).length
    } of them while nobody took them`,
    `  the day took ${(day.lasted / 1_000).toFixed(1)} s`,
    "",
    ...promises(day).map(({ broken, promise }) =>
      `  ${broken === "" ? "kept  " : "BROKEN"}  ${promise}${broken === "" ? "" : `: ${broken}`}`
    ),
    ""
  ]
}
