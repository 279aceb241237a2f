/** What the demo prints before and after the day. */
import { DateTime, Duration, Option } from "effect"
import type { ClassDay } from "../../../../domain/Statistics.ts"
import type { Ams } from "./Ams.ts"
import type { Cast, Guardian, Lesson } from "./Cast.ts"
import type { Check } from "./Checks.ts"
import type { Observed, Row } from "./Observed.ts"
import * as Screen from "./Screen.ts"

type Lines = ReadonlyArray<string>

const minutesFrom = (now: DateTime.Utc, { startsAt }: Lesson) => {
  const minutes = Math.round(Duration.toMinutes(DateTime.distance(now, startsAt)))
  return minutes < 0 ? `began ${-minutes} minutes ago` : `begins in ${minutes} minutes`
}

/** Where the day is played. */
export const place = ({ startedIn, url }: Ams): Lines => [
  ...Screen.heading("AMS demo: one day at an academy of its own, over HTTP"),
  `  AMS      ${url}, ${
    Option.match(startedIn, {
      onNone: () => "which runs already",
      onSome: (millis) => `started for the demo, ready after ${Screen.seconds(millis)}`
    })
  }`
]

/** Who plays. */
export const introduce = (cast: Cast, now: DateTime.Utc): Lines => {
  const { academy, coming, manager, running, teacher } = cast
  const time = (lesson: Lesson) => Screen.clock(academy.timeZone, lesson.startsAt).slice(0, 5)
  const described = (lesson: Lesson) => `${lesson.name}, ${time(lesson)} (${minutesFrom(now, lesson)})`
  const relation = ({ mayBeTold, name, relationship }: Guardian) =>
    `${name} (${relationship.toLowerCase()}${mayBeTold ? "" : ", may not be told"})`
  const guardians = Object.values(cast.guardians)
  return [
    ...Screen.table([
      ["Academy", `${academy.name}, where it is ${Screen.clock(academy.timeZone, now)} (${academy.timeZone})`],
      ["Staff", `${manager.name} (manager), ${teacher.name} (teacher)`],
      ["Classes", `${described(running)}\n${described(coming)}`]
    ]),
    "",
    ...Screen.table([
      ["Student", "Class", "Guardians"],
      ...Object.values(cast.students).map((student) => [
        student.name,
        student.lesson.name,
        guardians.filter(({ children }) => children.some(({ id }) => id === student.id)).map(relation).join(", ")
      ])
    ])
  ]
}

const messages = ({ cast, told }: Observed): Lines => [
  ...Screen.heading("What parents were told"),
  "  sent: from the answer to the teacher's click to the message's time; seen: until it was found by a look",
  "",
  ...Screen.table([
    ["Parent", "Sent", "Seen", "Message"],
    ...Object.values(cast.guardians).flatMap((guardian): ReadonlyArray<ReadonlyArray<string>> => {
      const own = told.filter(({ recipient }) => recipient === guardian.phone)
      return own.length === 0
        ? [[guardian.name, "", "", guardian.mayBeTold ? "(nothing)" : "(nothing: may not be told)"]]
        : own.map(({ body, seenAfter, sentAfter }) => [
          guardian.name,
          Screen.signed(sentAfter),
          Screen.signed(seenAfter),
          body
        ])
    })
  ])
]

const percent = (rate: number | null) => (rate === null ? "-" : `${(rate * 100).toFixed(1)} %`)

const readSide = ({ cast, days, readSide }: Observed): Lines => {
  const { coming, guardians: { ofLate }, running, students: { late } } = cast
  const list = (title: string, rows: ReadonlyArray<Row>) => [
    title,
    rows.length === 0 ? "(nothing)" : rows.map(({ status, studentName }) => `${studentName} ${status}`).join(", ")
  ]
  const figures = (lesson: Lesson, [day]: ReadonlyArray<ClassDay>) =>
    day === undefined
      ? [lesson.name, "(no figures)"]
      : [
        lesson.name,
        day.date,
        ...[day.expected, day.present, day.late, day.absent, day.excused].map(String),
        percent(day.attendanceRate)
      ]
  return [
    ...Screen.heading("What the read side says"),
    ...Screen.table([
      list(`List of ${running.name}`, readSide.running),
      list(`List of ${coming.name}`, readSide.coming),
      list(`${ofLate.name} about ${late.name}`, readSide.ofLate)
    ]),
    "",
    ...Screen.table([
      ["Statistics", "Day", "Expected", "Present", "Late", "Absent", "Excused", "Attendance"],
      figures(running, days.running),
      figures(coming, days.coming)
    ])
  ]
}

/** What came of it. */
export const outcome = (observed: Observed): Lines => [...messages(observed), ...readSide(observed)]

/** Each claim with a tick or a cross, and how many hold. */
export const verdict = (checks: ReadonlyArray<Check>, millis: number): Lines => [
  ...Screen.heading("Checks"),
  ...checks.flatMap(({ claim, found, holds }) => [
    `  ${Screen.tick(holds)} ${claim}`,
    ...(holds ? [] : [`      found: ${found}`])
  ]),
  "",
  `  ${checks.filter(({ holds }) => holds).length} of ${checks.length} hold. The day took ${Screen.seconds(millis)}.`,
  ""
]
