/** What the day has shown, as plain data, and what it should have shown of messages and figures. */
import type { Attendance } from "../../../../domain/Attendance.ts"
import type { MessageId } from "../../../../domain/Ids.ts"
import { attendanceRate, type ClassDay } from "../../../../domain/Statistics.ts"
import type { Cast, Guardian, Lesson, Student } from "./Cast.ts"

/** A message that somebody should get, once. */
export interface Expected {
  readonly to: Guardian
  readonly about: ReadonlyArray<Student>
  /** The word by which the text tells what happened. */
  readonly says: RegExp
  readonly what: string
}

export const expectedMessages = ({ guardians: { ofAbsent, ofCorrected, ofLate, ofSiblings } }: Cast) => ({
  siblings: { to: ofSiblings, about: ofSiblings.children, says: /수업에 출석/, what: "checked in" },
  checkedIn: { to: ofCorrected, about: ofCorrected.children, says: /수업에 출석/, what: "checked in" },
  late: { to: ofLate, about: ofLate.children, says: /지각/, what: "late" },
  corrected: { to: ofCorrected, about: ofCorrected.children, says: /정정/, what: "corrected" },
  missing: { to: ofAbsent, about: ofAbsent.children, says: /아직 오지 않/, what: "missing" },
  arrived: { to: ofAbsent, about: ofAbsent.children, says: /도착/, what: "there after all" }
} as const satisfies Record<string, Expected>)

/** A message that was found in the inbox. Milliseconds, from the answer to the command that caused it. */
export interface Told {
  readonly id: MessageId
  readonly recipient: string
  readonly body: string
  /** To the message's own time; below zero when the handlers were faster than the answer's way back. */
  readonly sentAfter: number
  /** To the first look that showed it. */
  readonly seenAfter: number
}

/** Names the right children and their classes, and nobody else's. */
export const fits =
  (cast: Cast, { about, says, to }: Expected) => ({ body, recipient }: Pick<Told, "body" | "recipient">) =>
    recipient === to.phone && says.test(body)
    && about.every(({ lesson, name }) => body.includes(name) && body.includes(lesson.name))
    && Object.values(cast.students).every((student) => about.includes(student) || !body.includes(student.name))

/** One line of an attendance's history. */
export interface Line {
  readonly to: string
  readonly by: string | null
  readonly reason: string | null
}

/** A row of the read side: a student's name and status. */
export interface Row {
  readonly studentName: string
  readonly className: string
  readonly status: string
}

export interface Observed {
  readonly cast: Cast
  readonly first: Attendance
  /** The answer to the same student's second request. */
  readonly again: Attendance
  /** Answers to what the teacher did. */
  readonly confirmed: ReadonlyArray<Attendance>
  readonly lateOne: Attendance
  readonly refused: Attendance
  readonly corrected: Attendance
  readonly historyOfRefused: ReadonlyArray<Line>
  readonly historyOfCorrected: ReadonlyArray<Line>
  /** Everything in the academy's inbox when nothing more was under way. */
  readonly told: ReadonlyArray<Told>
  readonly readSide: {
    readonly coming: ReadonlyArray<Row>
    readonly running: ReadonlyArray<Row>
    /** As the mother of the late student sees it. */
    readonly ofLate: ReadonlyArray<Row>
  }
  readonly days: { readonly coming: ReadonlyArray<ClassDay>; readonly running: ReadonlyArray<ClassDay> }
  /** Statuses of what must be refused. */
  readonly statuses: {
    readonly parentOfAnother: ReadonlyArray<number>
    readonly studentConfirming: number
    readonly withoutToken: ReadonlyArray<number>
  }
}

/** The reasons that the teacher gives. */
export const reasons = { refusal: "교실에 없습니다", correction: "출석 직후 병원 진료로 귀가" }

/** Status by student, as the lists of both classes should have it at the end. */
export const expectedRows = ({ coming, running, students }: Cast) => {
  const { absent, corrected, elder, late, refused, younger } = students
  const row = (lesson: Lesson, { name }: Student, status: string): Row => ({
    studentName: name,
    className: lesson.name,
    status
  })
  return {
    coming: [
      row(coming, elder, "PRESENT"),
      row(coming, younger, "PRESENT"),
      row(coming, corrected, "EXCUSED"),
      row(coming, refused, "NONE")
    ],
    running: [row(running, late, "LATE"), row(running, absent, "LATE")],
    ofLate: [row(running, late, "LATE")]
  }
}

const day = (
  cast: Cast,
  lesson: Lesson,
  counts: Pick<ClassDay, "expected" | "present" | "late" | "excused">
): ClassDay => ({
  academyId: cast.academy.id,
  classId: lesson.classId,
  teacherId: cast.teacher.id,
  date: lesson.date,
  sessions: 1,
  held: 0,
  requested: 0,
  absent: 0,
  ...counts,
  attendanceRate: attendanceRate({ ...counts, absent: 0 })
})

/** The figures at the end: the missing student has come after all. */
export const expectedDays = (cast: Cast) => ({
  coming: day(cast, cast.coming, { expected: 4, present: 2, late: 0, excused: 1 }),
  running: day(cast, cast.running, { expected: 2, present: 0, late: 2, excused: 0 })
})
