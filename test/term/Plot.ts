/**
 * A term, written down before it is played: who studies where, what happens when, from one seed. Nothing in here knows
 * how AMS decides; it only says what people do.
 */
import { DateTime } from "effect"
import { addDays, instantAt, type LocalDate, LocalTime, TimeZoneName } from "../../src/domain/LocalTime.ts"
import { Chance } from "../application/simulation/Chance.ts"

export const zone = TimeZoneName.make("Asia/Seoul")
export const weeks = 16
const minute = 60_000
const day = 24 * 60 * minute

export interface Seat {
  readonly student: number
  readonly from: LocalDate
  /** The last day; `null` to the end. */
  readonly until: LocalDate | null
  /** When a manager enters it, or ends it; 0 before the term. */
  readonly enteredAt: number
  readonly endedAt: number | null
}

export interface Course {
  readonly teacher: number
  readonly slots: ReadonlyArray<{ readonly weekday: number; readonly hour: number }>
  readonly seats: ReadonlyArray<Seat>
}

/** One meeting, as it is held or not in the end. */
export interface Meeting {
  readonly key: string
  readonly course: number
  /** The day that it was planned for, or `null` for one that was added. */
  readonly plannedOn: LocalDate | null
  readonly date: LocalDate
  readonly start: number
  readonly end: number
  readonly fate: "held" | "cancelled" | "holiday"
}

export interface Leave {
  readonly student: number
  readonly from: LocalDate
  readonly until: LocalDate
  readonly askedAt: number
  readonly answer: { readonly at: number; readonly approved: boolean } | null
}

export type Act =
  & { readonly at: number }
  & (
    | { readonly do: "press"; readonly meeting: Meeting; readonly student: number }
    | { readonly do: "refuse"; readonly meeting: Meeting; readonly student: number }
    /** The teacher's list; without a status as the clock says. */
    | {
      readonly do: "confirm"
      readonly meeting: Meeting
      readonly by: "teacher" | "manager"
      readonly list: ReadonlyArray<{ readonly student: number; readonly status?: "ABSENT" | "PRESENT" }>
    }
    | {
      readonly do: "correct"
      readonly meeting: Meeting
      readonly student: number
      readonly to: "PRESENT" | "LATE" | "ABSENT" | "EXCUSED"
    }
    | { readonly do: "cancel"; readonly meeting: Meeting }
    | { readonly do: "move"; readonly meeting: Meeting; readonly from: LocalDate }
    | { readonly do: "add"; readonly meeting: Meeting }
    | { readonly do: "holiday"; readonly date: LocalDate; readonly holiday: boolean }
    | { readonly do: "enroll"; readonly course: number; readonly seat: Seat }
    | { readonly do: "leave the class"; readonly course: number; readonly seat: Seat }
    | { readonly do: "ask for leave"; readonly leave: Leave }
    | { readonly do: "answer"; readonly leave: Leave; readonly approved: boolean }
    | { readonly do: "plan" }
    /** The jobs that look at what goes on. `killed`: the process dies in the middle, another one begins again. */
    | { readonly do: "look"; readonly killed: boolean }
  )

export interface Plot {
  readonly courses: ReadonlyArray<Course>
  readonly meetings: ReadonlyArray<Meeting>
  readonly leaves: ReadonlyArray<Leave>
  readonly students: number
  readonly acts: ReadonlyArray<Act>
  /** When the academy is set up. */
  readonly begins: number
  readonly first: LocalDate
  readonly last: LocalDate
}

const at = (date: LocalDate, hour: number, minutes = 0): number =>
  DateTime.toEpochMillis(instantAt(zone, date, LocalTime.make(`${String(hour).padStart(2, "0")}:00`))) +
  minutes * minute

export const covers = (seat: Seat, date: LocalDate) => seat.from <= date && (seat.until === null || date <= seat.until)

const lesson = 90 * minute
/** Marks of the clock at which jobs look, in minutes: between them nothing is noticed. */
export const lookEvery = 5 * minute
export const students = 36

export const plot = (seed: number, monday: LocalDate): Plot => {
  const chance = new Chance(seed)
  const last = addDays(monday, weeks * 7 - 3)
  const acts: Array<Act> = []

  // Twelve classes of two slots a week; in one hour each weekday has two of them, of other teachers and students.
  const hours = [15, 17, 19]
  const courses: Array<Course> = Array.from({ length: 12 }, (_, n) => {
    const hour = hours[Math.floor(n / 5)] ?? 19
    const weekdays = [n % 5, (n + 2) % 5]
    const mine = Array.from({ length: students }, (_, student) => student).filter((student) =>
      n < 5 ? student % 5 === n : n < 10 ? student % 5 === (n + 1) % 5 : student % 4 === n - 10
    )
    const seats = mine.map((student): Seat => {
      const changes = chance.int(1, 12)
      const on = addDays(monday, chance.int(20, 80))
      return changes === 1
        ? { student, from: addDays(on, 1), until: null, enteredAt: at(on, 12), endedAt: null }
        : changes === 2
        ? { student, from: monday, until: on, enteredAt: 0, endedAt: at(on, 12) }
        : { student, from: monday, until: null, enteredAt: 0, endedAt: null }
    })
    return { teacher: n < 6 ? n : n - 6, slots: weekdays.map((weekday) => ({ weekday, hour })), seats }
  })
  for (const [course, { seats }] of courses.entries()) {
    for (const seat of seats) {
      if (seat.enteredAt > 0) acts.push({ at: seat.enteredAt, do: "enroll", course, seat })
      if (seat.endedAt !== null) acts.push({ at: seat.endedAt, do: "leave the class", course, seat })
    }
  }

  // Holidays are told a week ahead; the last of them is taken back.
  const holidays = [11, 37, 59, 82].map((n) => addDays(monday, n - (n % 7) + (n % 5)))
  for (const [n, date] of holidays.entries()) {
    acts.push({ at: at(date, 9) - 7 * day, do: "holiday", date, holiday: true })
    if (n === 3) acts.push({ at: at(date, 9) - 3 * day, do: "holiday", date, holiday: false })
  }
  const kept = new Set(holidays.slice(0, 3))

  // Every seventeenth meeting is moved to a free hour of a Saturday, every twenty-third cancelled.
  const meetings: Array<Meeting> = []
  let moves = 0
  for (let n = 0; n < weeks * 7; n++) {
    const date = addDays(monday, n)
    for (const [course, { slots }] of courses.entries()) {
      for (const { hour, weekday } of slots) {
        if (weekday !== n % 7) continue
        const start = at(date, hour)
        const planned: Meeting = {
          key: `${course} ${date}`,
          course,
          plannedOn: date,
          date,
          start,
          end: start + lesson,
          fate: kept.has(date) ? "holiday" : "held"
        }
        const turn = meetings.length
        if (planned.fate === "holiday" || n < 7 || holidays.includes(date)) meetings.push(planned)
        else if (turn % 53 === 17 && moves < 6) {
          const saturday = addDays(date, 5 - (n % 7))
          const moved = {
            ...planned,
            date: saturday,
            start: at(saturday, 8 + 2 * moves),
            end: at(saturday, 8 + 2 * moves++) + lesson
          }
          meetings.push(moved)
          acts.push({ at: start - 3 * day, do: "move", meeting: moved, from: date })
        } else if (turn % 71 === 23) {
          const cancelled: Meeting = { ...planned, fate: "cancelled" }
          meetings.push(cancelled)
          acts.push({ at: start - 21 * 60 * minute, do: "cancel", meeting: cancelled })
        } else meetings.push(planned)
      }
    }
  }
  for (const [n, course] of [2, 7, 11].entries()) {
    const sunday = addDays(monday, 13 + 21 * n)
    const start = at(sunday, 14)
    const added: Meeting = {
      key: `${course} added ${n}`,
      course,
      plannedOn: null,
      date: sunday,
      start,
      end: start + lesson,
      fate: "held"
    }
    meetings.push(added)
    acts.push({ at: start - 4 * day, do: "add", meeting: added })
  }

  // A parent asks on the morning of the first day; the office answers before, during or never.
  const leaves: Array<Leave> = Array.from({ length: 12 }, (_, n) => {
    const from = addDays(monday, 8 + 8 * n)
    const askedAt = at(from, 8)
    const answers = [at(from, 9), at(from, 15, 33), null] as const
    const answered = answers[n % 4 === 3 ? 2 : n % 4 === 2 ? 1 : 0] ?? null
    return {
      student: (n * 7 + 3) % students,
      from,
      until: addDays(from, n % 3),
      askedAt,
      answer: answered === null ? null : { at: answered, approved: n % 5 !== 4 }
    }
  })
  for (const leave of leaves) {
    acts.push({ at: leave.askedAt, do: "ask for leave", leave })
    if (leave.answer !== null) acts.push({ at: leave.answer.at, do: "answer", leave, approved: leave.answer.approved })
  }

  const truancy = { from: addDays(monday, 42), until: addDays(monday, 70) }
  for (const meeting of meetings) {
    if (meeting.fate === "held") acts.push(...scene(meeting, courses, leaves, truancy, chance))
  }

  // Jobs: planning each night; looking every five minutes from noon to midnight, and on mornings of moved meetings.
  const down = outages(meetings, monday)
  for (let n = -1; n < weeks * 7; n++) {
    const date = addDays(monday, n)
    acts.push({ at: at(date, 0, 30), do: "plan" })
    const held = meetings.filter((one) => one.fate === "held" && one.date === date)
    const [from, until] = [Math.min(...held.map(({ start }) => start)), Math.max(...held.map(({ end }) => end))]
    for (let time = from; time <= until + 75 * minute; time += lookEvery) {
      if (down.some(([since, again]) => since <= time && time < again)) continue
      acts.push({ at: time, do: "look", killed: down.some(([, again]) => again <= time && time < again + lookEvery) })
    }
  }
  const order = new Map(acts.map((act, n) => [act, n]))
  acts.sort((a, b) => a.at - b.at || (order.get(a) ?? 0) - (order.get(b) ?? 0))
  return { courses, meetings, leaves, students, acts, begins: at(addDays(monday, -4), 12), first: monday, last }
}

/** Three times nobody looks: over the minute at which children are missed, over a whole lesson, over an evening. */
const outages = (meetings: ReadonlyArray<Meeting>, monday: LocalDate): ReadonlyArray<readonly [number, number]> => {
  const first = (week: number) =>
    meetings.find((one) =>
      one.fate === "held" && one.plannedOn === one.date && one.date >= addDays(monday, 7 * week + 1)
    )
      ?.start ?? 0
  return [
    [first(3) + 8 * minute, first(3) + 40 * minute],
    [first(7) + 12 * minute, first(7) + 95 * minute],
    [first(12) + 9 * minute, first(12) + 8 * 60 * minute]
  ]
}

/** What people do at one meeting. Times lie between the marks at which jobs look. */
const scene = (
  meeting: Meeting,
  courses: ReadonlyArray<Course>,
  leaves: ReadonlyArray<Leave>,
  truancy: { readonly from: LocalDate; readonly until: LocalDate },
  chance: Chance
): ReadonlyArray<Act> => {
  const acts: Array<Act> = []
  const after = (minutes: number) => meeting.start + minutes * minute + chance.int(10, 50) * 1000
  const [mark] = [chance.int(1, 20)].map((n) => (n <= 13 ? after(6) : n <= 17 ? after(18) : n <= 19 ? after(33) : null))
  const list: Array<{ readonly student: number; readonly status?: "ABSENT" | "PRESENT" }> = []
  const nextDay = meeting.start + day - ((meeting.start + 9 * 60 * minute) % day) + 10 * 60 * minute
  const seats = courses[meeting.course]?.seats.filter((seat) => covers(seat, meeting.date)) ?? []
  for (const { student } of seats) {
    const excused = leaves.some((leave) =>
      leave.student === student && leave.from <= meeting.date && meeting.date <= leave.until
    )
    // Two children who stop coming for some weeks.
    const truant = student % 18 === 8 && meeting.date >= truancy.from && meeting.date <= truancy.until
    const turn = truant ? 100 : chance.int(1, 100)
    if (excused && turn <= 90) continue
    if (turn <= 70) {
      const pressed = after(chance.int(-12, 4))
      acts.push({ at: pressed, do: "press", meeting, student })
      if (turn <= 3 && mark !== null && mark !== undefined) {
        acts.push({ at: pressed + 30_000, do: "refuse", meeting, student })
        acts.push({ at: pressed + 55_000, do: "press", meeting, student })
      }
      list.push({ student })
      if (turn >= 68 && mark !== null && mark !== undefined) {
        acts.push({ at: nextDay + chance.int(1, 59) * 1000, do: "correct", meeting, student, to: "EXCUSED" })
      }
    } else if (turn <= 80) {
      // Late, also after the roll was marked.
      const pressed = after(chance.int(11, 26))
      acts.push({ at: pressed, do: "press", meeting, student })
      if (mark === null || mark === undefined) continue
      if (pressed < mark) list.push({ student })
      else acts.push({ at: pressed + 2 * minute, do: "confirm", meeting, by: "teacher", list: [{ student }] })
    } else if (turn <= 87) list.push({ student, status: "PRESENT" })
    else if (turn <= 92) {
      list.push({ student, status: "ABSENT" })
      // The teacher was mistaken, or the child came after all.
      if (turn <= 89 && mark !== null && mark !== undefined) {
        acts.push({ at: after(44), do: "correct", meeting, student, to: "LATE" })
      }
    } else if (turn === 93 && mark !== null && mark !== undefined) {
      // Nobody saw the child; the office enters it the next day.
      acts.push({ at: nextDay + 60_000, do: "confirm", meeting, by: "manager", list: [{ student, status: "PRESENT" }] })
    }
  }
  if (mark !== null && mark !== undefined && list.length > 0) {
    acts.push({ at: mark, do: "confirm", meeting, by: "teacher", list })
  }
  return acts
}
