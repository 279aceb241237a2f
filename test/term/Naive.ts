/**
 * What should be in the books at the end, worked out from the plot alone, act by act, with nothing but maps: no events, no
 * database, none of the domain's functions.
 */
import { type Act, covers, type Meeting, type Plot } from "./Plot.ts"

const minute = 60_000
const missingAfter = 10 * minute
const chaseAfter = 10 * minute
const lateAfter = 10 * minute
const closesAfter = 60 * minute
const inARow = 3

type Status = "NONE" | "REQUESTED" | "PRESENT" | "LATE" | "ABSENT" | "EXCUSED"
const came = (status: Status) => status === "PRESENT" || status === "LATE"

interface Record_ {
  status: Status
  requestedAt: number | null
}

export interface Books {
  /** `meeting/student` → state and reason. */
  readonly decisions: Readonly<Record<string, string>>
  /** `meeting/chase`. */
  readonly chases: ReadonlyArray<string>
  /** `meeting/student` → status, of those who have one. */
  readonly attendance: Readonly<Record<string, string>>
  /** Each notification as `kind subject recipient`, as often as it went out. */
  readonly told: ReadonlyArray<string>
  /** `course date` → figures. */
  readonly classDays: Readonly<Record<string, Figures>>
  /** `student course date` → figures. */
  readonly studentDays: Readonly<Record<string, Figures>>
}

export interface Figures {
  readonly sessions: number
  readonly expected: number
  readonly requested: number
  readonly present: number
  readonly late: number
  readonly absent: number
  readonly excused: number
}

/** Who hears of a student. */
export const guardiansOf = (student: number): ReadonlyArray<string> =>
  // Two children of one parent; one parent who may not be told; two parents of some.
  student === 1 ? ["parent 0"] : student === 2 ? [] : student % 6 === 5
    ? [`parent ${student}`, `other parent ${student}`]
    : [`parent ${student}`]

export const recompute = (plot: Plot): Books => {
  const attendance = new Map<string, Record_>()
  const decisions = new Map<string, string>()
  const chases = new Set<string>()
  const told: Array<string> = []
  const closed = new Set<string>()
  const begun: Array<Meeting> = []
  const approved = new Map<(typeof plot.leaves)[number], number>()

  const pair = (meeting: Meeting, student: number) => `${meeting.key}/${student}`
  const of = (meeting: Meeting, student: number): Record_ => {
    const key = pair(meeting, student)
    const known = attendance.get(key) ?? { status: "NONE" as Status, requestedAt: null }
    attendance.set(key, known)
    return known
  }
  const roll = (meeting: Meeting) =>
    (plot.courses[meeting.course]?.seats ?? []).filter((seat) => covers(seat, meeting.date)).map(({ student }) =>
      student
    )
  const onLeave = (meeting: Meeting, student: number, now: number) =>
    [...approved].some(([leave, since]) =>
      since <= now && leave.student === student && leave.from <= meeting.date && meeting.date <= leave.until
    )
  const tell = (kind: string, meeting: Meeting, student: number) => {
    for (const guardian of guardiansOf(student)) told.push(`${kind} ${pair(meeting, student)} ${guardian}`)
  }
  /** A child is there who was missed, or simply is there. */
  const arrived = (meeting: Meeting, student: number, otherwise: string) => {
    const key = pair(meeting, student)
    if (decisions.get(key)?.startsWith("ALERTED") === true) {
      decisions.set(key, "RETRACTED CAME_AFTER_ALL")
      tell("ARRIVED", meeting, student)
    } else tell(otherwise, meeting, student)
  }

  const confirm = (act: Extract<Act, { do: "confirm" }>) => {
    const { at, by, list, meeting } = act
    const late = closed.has(meeting.key)
    if (late && by === "teacher") return
    for (const { status, student } of list) {
      const known = of(meeting, student)
      if (known.status !== "NONE" && known.status !== "REQUESTED") continue
      const cameAt = known.status === "REQUESTED" ? known.requestedAt ?? at : late ? meeting.start : at
      const to = known.status === "REQUESTED" && status === "ABSENT"
        ? "PRESENT"
        : status ?? (cameAt > meeting.start + lateAfter ? "LATE" : "PRESENT")
      known.status = to
      if (to !== "PRESENT" && to !== "LATE") continue
      if (late) {
        // When the child came, nobody knows any more.
        if (decisions.get(pair(meeting, student))?.startsWith("ALERTED") === true) {
          decisions.set(pair(meeting, student), "RETRACTED CAME_AFTER_ALL")
        }
        tell("CORRECTED", meeting, student)
      } else arrived(meeting, student, to === "PRESENT" ? "CHECK_IN" : "LATE")
    }
  }

  const look = (now: number) => {
    for (const meeting of begun) {
      if (meeting.start > now || now - meeting.start > 24 * 60 * minute) continue
      const students = roll(meeting)
      if (!closed.has(meeting.key)) {
        for (const student of students) {
          if (of(meeting, student).status === "NONE" && onLeave(meeting, student, now)) {
            of(meeting, student).status = "EXCUSED"
          }
        }
      }
      if (now < meeting.start + missingAfter) continue
      const marked = students.some((student) => {
        const { status } = of(meeting, student)
        return came(status) || status === "ABSENT"
      })
      let waiting = false
      for (const student of students) {
        const key = pair(meeting, student)
        const before = decisions.get(key)
        if (before !== undefined && !before.startsWith("HELD")) continue
        const { status } = of(meeting, student)
        if (came(status)) {
          if (before !== undefined) decisions.set(key, "SKIPPED ATTENDED")
        } else if (onLeave(meeting, student, now) && status !== "REQUESTED") decisions.set(key, "SKIPPED LEAVE")
        else if (status === "EXCUSED") decisions.set(key, "SKIPPED EXCUSED")
        else if (now >= meeting.end) decisions.set(key, "EXPIRED TOO_LATE")
        else if (status === "REQUESTED" || (status === "NONE" && !marked)) {
          decisions.set(key, status === "REQUESTED" ? "HELD REQUEST_WAITS" : "HELD ROLL_UNMARKED")
          waiting = true
        } else {
          decisions.set(key, status === "ABSENT" ? "ALERTED MARKED_ABSENT" : "ALERTED NOT_THERE")
          tell("MISSING", meeting, student)
        }
      }
      if (waiting) {
        chase(meeting, "TEACHER")
        if (now >= meeting.start + missingAfter + chaseAfter) chase(meeting, "MANAGER")
      }
    }
    for (const meeting of begun) {
      if (closed.has(meeting.key) || now < meeting.end + closesAfter) continue
      closed.add(meeting.key)
      for (const student of roll(meeting)) {
        if (missedInARow(meeting, student, now) === inARow) {
          told.push(`ABSENCES_REPEATED ${pair(meeting, student)} manager`)
        }
      }
    }
  }
  const chase = (meeting: Meeting, whom: "TEACHER" | "MANAGER") => {
    const key = `${meeting.key}/${whom}`
    if (chases.has(key)) return
    chases.add(key)
    told.push(
      `ROLL_UNMARKED ${meeting.key}/- ${
        whom === "MANAGER" ? "manager" : `teacher ${plot.courses[meeting.course]?.teacher}`
      }`
    )
  }

  /** Back from this one over those that were held, as long as none was attended. */
  const missedInARow = (meeting: Meeting, student: number, now: number): number => {
    const held = plot.meetings
      .filter((one) => one.course === meeting.course && one.fate === "held" && one.start <= meeting.start)
      .filter((one) => roll(one).includes(student))
      .sort((a, b) => b.start - a.start)
    let count = 0
    for (const one of held) {
      const { status } = of(one, student)
      if (came(status)) break
      const others = roll(one).some((other) => came(of(one, other).status))
      const missed = !onLeave(one, student, now) && (status === "ABSENT" || (status === "NONE" && others))
      if (one === meeting && !missed) return 0
      if (missed) count++
    }
    return count
  }

  /** Those who are enrolled on its day as far as anybody knows then. */
  const tellOfSession = (kind: string, meeting: Meeting, now: number) => {
    for (const seat of plot.courses[meeting.course]?.seats ?? []) {
      const until = seat.endedAt !== null && seat.endedAt <= now ? seat.until : null
      if (seat.enteredAt <= now && covers({ ...seat, until }, meeting.date)) tell(kind, meeting, seat.student)
    }
    told.push(`${kind} ${meeting.key}/- teacher ${plot.courses[meeting.course]?.teacher}`)
  }

  for (const act of plot.acts) {
    switch (act.do) {
      case "press": {
        const known = of(act.meeting, act.student)
        if (known.status === "NONE") Object.assign(known, { status: "REQUESTED", requestedAt: act.at })
        break
      }
      case "refuse": {
        const known = of(act.meeting, act.student)
        if (known.status === "REQUESTED") Object.assign(known, { status: "NONE", requestedAt: null })
        break
      }
      case "confirm":
        confirm(act)
        break
      case "correct": {
        const known = of(act.meeting, act.student)
        if (known.status === "NONE" || known.status === "REQUESTED" || known.status === act.to) break
        known.status = act.to
        if (act.to === "PRESENT" || act.to === "LATE") arrived(act.meeting, act.student, "CORRECTED")
        else tell("CORRECTED", act.meeting, act.student)
        break
      }
      case "cancel":
        tellOfSession("SESSION_CANCELLED", act.meeting, act.at)
        break
      case "move":
        tellOfSession("SESSION_MOVED", act.meeting, act.at)
        break
      case "holiday":
        if (act.holiday) {
          for (const one of plot.meetings) {
            if (one.plannedOn === act.date) tellOfSession("SESSION_CANCELLED", one, act.at)
          }
        }
        break
      case "ask for leave":
        told.push(`LEAVE_REQUESTED leave ${act.leave.student} ${act.leave.from} manager`)
        break
      case "answer": {
        if (act.approved) approved.set(act.leave, act.at)
        const kind = act.approved ? "LEAVE_APPROVED" : "LEAVE_REJECTED"
        const [asked] = guardiansOf(act.leave.student)
        // Not one who may not be told.
        if (asked !== undefined) told.push(`${kind} leave ${act.leave.student} ${act.leave.from} ${asked}`)
        break
      }
      case "look":
        for (const one of plot.meetings) {
          if (one.fate === "held" && one.start <= act.at && !begun.includes(one)) begun.push(one)
        }
        look(act.at)
        break
      default:
    }
  }

  const figures = (
    statuses: ReadonlyArray<{ readonly status: Status; readonly marked: boolean }>,
    sessions: number
  ): Figures => {
    const count = (status: Status) => statuses.filter((one) => one.status === status).length
    return {
      sessions,
      expected: statuses.length,
      requested: count("REQUESTED"),
      present: count("PRESENT"),
      late: count("LATE"),
      absent: count("ABSENT") + statuses.filter(({ marked, status }) => status === "NONE" && marked).length,
      excused: count("EXCUSED")
    }
  }
  const held = plot.meetings.filter(({ fate }) => fate === "held")
  const sitting = (meeting: Meeting, student: number) => ({
    status: of(meeting, student).status,
    marked: roll(meeting).some((other) => came(of(meeting, other).status))
  })
  const classDays = new Map<string, Figures>()
  const studentDays = new Map<string, Figures>()
  for (const [key, its] of Map.groupBy(held, (one) => `${one.course} ${one.date}`)) {
    classDays.set(key, figures(its.flatMap((one) => roll(one).map((student) => sitting(one, student))), its.length))
    const everybody = new Set(its.flatMap(roll))
    for (const student of everybody) {
      const hers = its.filter((one) => roll(one).includes(student))
      studentDays.set(`${student} ${key}`, figures(hers.map((one) => sitting(one, student)), hers.length))
    }
  }
  return {
    decisions: Object.fromEntries([...decisions].sort()),
    chases: [...chases].sort(),
    attendance: Object.fromEntries(
      [...attendance].filter(([, { status }]) => status !== "NONE").map(([key, { status }]) => [key, status]).sort()
    ),
    told: told.sort(),
    classDays: Object.fromEntries([...classDays].sort()),
    studentDays: Object.fromEntries([...studentDays].sort())
  }
}
