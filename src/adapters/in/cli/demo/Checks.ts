/** What must be true of the day: each claim with what was found instead when it is not. */
import type { ClassDay } from "../../../../domain/Statistics.ts"
import type { Guardian, Student } from "./Cast.ts"
import {
  type Expected,
  expectedDays,
  expectedMessages,
  expectedRows,
  fits,
  type Line,
  type Observed,
  reasons,
  type Row
} from "./Observed.ts"

export interface Check {
  readonly claim: string
  readonly holds: boolean
  /** What was found, for a claim that does not hold. */
  readonly found: string
}

const check = (claim: string, holds: boolean, found: unknown): Check => ({
  claim,
  holds,
  found: holds ? "" : typeof found === "string" ? found : JSON.stringify(found)
})

const namesOf = (people: ReadonlyArray<{ readonly name: string }>) => people.map(({ name }) => name).join(" and ")

const attendance = ({ again, cast, confirmed, corrected, first, lateOne, refused }: Observed): ReadonlyArray<Check> => {
  const { students } = cast
  const statuses = confirmed.map(({ status }) => status)
  return [
    check(
      `${students.elder.name} pressed twice, and it is one request`,
      first.id === again.id && first.version === again.version && again.status === "REQUESTED",
      { first, again }
    ),
    check(
      "who asked before the class begins is PRESENT, the whole list at once",
      confirmed.length === 3 && statuses.every((status) => status === "PRESENT"),
      statuses.join(", ")
    ),
    check(
      "who asked 15 minutes after it began is LATE, without being told so",
      lateOne.status === "LATE",
      lateOne.status
    ),
    check("a refused request is gone", refused.status === "NONE" && refused.requestedAt === null, refused.status),
    check(
      "a correction changes the status and notes why",
      corrected.status === "EXCUSED" && corrected.note === reasons.correction,
      {
        status: corrected.status,
        note: corrected.note
      }
    )
  ]
}

const histories = ({ cast, historyOfCorrected, historyOfRefused }: Observed): ReadonlyArray<Check> => {
  const { students: { corrected, refused }, teacher } = cast
  const same = (lines: ReadonlyArray<Line>, ...expected: ReadonlyArray<Line>) =>
    JSON.stringify(lines.map(({ by, reason, to }) => [to, by, reason]))
      === JSON.stringify(expected.map(({ by, reason, to }) => [to, by, reason]))
  return [
    check(
      "the history of the refused request tells who refused it and why",
      same(
        historyOfRefused,
        { to: "REQUESTED", by: refused.id, reason: null },
        { to: "NONE", by: teacher.id, reason: reasons.refusal }
      ),
      historyOfRefused
    ),
    check(
      "the history of the corrected attendance tells who did what and why",
      same(
        historyOfCorrected,
        { to: "REQUESTED", by: corrected.id, reason: null },
        { to: "PRESENT", by: teacher.id, reason: null },
        { to: "EXCUSED", by: teacher.id, reason: reasons.correction }
      ),
      historyOfCorrected
    )
  ]
}

const messages = ({ cast, told }: Observed): ReadonlyArray<Check> => {
  const { guardians: { notToBeTold }, students: { refused }, teacher } = cast
  /** The teacher may have been asked to mark the roll, depending on when the detector looked. */
  const toGuardians = told.filter(({ recipient }) => recipient !== teacher.phone)
  const due: Readonly<Record<string, Expected>> = expectedMessages(cast)
  const expected = Object.values(due)
  const count = (holds: (one: Observed["told"][number]) => boolean) => told.filter(holds).length
  const to = ({ phone }: Guardian) => count(({ recipient }) => recipient === phone)
  const about = ({ name }: Student) => count(({ body }) => body.includes(name))
  return [
    ...expected.map((one) => {
      const times = count(fits(cast, one))
      return check(
        `${one.to.name} was told once${one.about.length > 1 ? ", in one message," : ""} that ${namesOf(one.about)} `
          + `${one.about.length > 1 ? "were" : "was"} ${one.what}`,
        times === 1,
        `${times} such messages`
      )
    }),
    check(
      "nobody was told anything else",
      toGuardians.length === expected.length,
      `${toGuardians.length} messages, ${expected.length} expected`
    ),
    check(
      `${teacher.name} was asked at most once to mark a roll`,
      told.length - toGuardians.length <= 1,
      `${told.length - toGuardians.length} messages`
    ),
    check(
      `${notToBeTold.name}, who may not be told, was told nothing`,
      to(notToBeTold) === 0,
      `${to(notToBeTold)} messages`
    ),
    check(
      `nobody was told about ${refused.name}, whose request was refused`,
      about(refused) === 0,
      `${about(refused)} messages`
    )
  ]
}

const inOrder = (rows: ReadonlyArray<Row>) =>
  rows.map(({ className, status, studentName }) => `${studentName} ${className} ${status}`).sort().join(", ")

/** The rate is compared to a millionth, so that a store's own idea of a number does not matter. */
const sameDay = (found: ClassDay | undefined, expected: ClassDay) =>
  found !== undefined
  && (["classId", "date", "sessions", "expected", "requested", "present", "late", "absent", "excused"] as const)
    .every((field) => found[field] === expected[field])
  && Math.abs((found.attendanceRate ?? -1) - (expected.attendanceRate ?? -1)) < 1e-6

const readSide = ({ cast, days, readSide }: Observed): ReadonlyArray<Check> => {
  const { coming, guardians: { ofLate }, running, students: { late } } = cast
  const rows = expectedRows(cast)
  const figures = expectedDays(cast)
  const list = (claim: string, found: ReadonlyArray<Row>, expected: ReadonlyArray<Row>) =>
    check(claim, inOrder(found) === inOrder(expected), inOrder(found) || "nothing")
  const day = (name: string, found: ReadonlyArray<ClassDay>, expected: ClassDay) =>
    check(`the statistics of ${name} are right`, found.length === 1 && sameDay(found[0], expected), found)
  return [
    list(`the list of ${coming.name} is right`, readSide.coming, rows.coming),
    list(`the list of ${running.name} is right`, readSide.running, rows.running),
    list(`${ofLate.name} sees ${late.name}'s attendance`, readSide.ofLate, rows.ofLate),
    day(coming.name, days.coming, figures.coming),
    day(running.name, days.running, figures.running)
  ]
}

const access = ({ cast, statuses }: Observed): ReadonlyArray<Check> => {
  const { ofLate } = cast.guardians
  const { parentOfAnother, studentConfirming, withoutToken } = statuses
  return [
    check(
      `${ofLate.name} may not look at somebody else's child`,
      parentOfAnother.length > 0 && parentOfAnother.every((status) => status === 403 || status === 404),
      parentOfAnother.join(", ")
    ),
    check("a student may not confirm", studentConfirming === 403, String(studentConfirming)),
    check(
      "nothing is to be had without a token",
      withoutToken.length > 0 && withoutToken.every((status) => status === 401),
      withoutToken.join(", ")
    )
  ]
}

/** Every claim about the day, in the order in which it is told. */
export const judge = (observed: Observed): ReadonlyArray<Check> => [
  ...attendance(observed),
  ...histories(observed),
  ...messages(observed),
  ...readSide(observed),
  ...access(observed)
]
