import { describe, expect, it } from "@effect/vitest"
import { DateTime, Result, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import {
  type Action,
  type AttendanceStatus,
  confirm,
  correct,
  type Decided,
  mayFollow,
  refuse,
  request,
  type Roll
} from "../../src/domain/Attendance.ts"
import { ConfirmedStatus, payloads } from "../../src/domain/DomainEvent.ts"
import { anyMoment, anySettings, byStudent, byTeacher, later, minutes, roll, whole } from "./given.ts"

interface Command {
  readonly action: Action
  /** For a confirmation: none leaves it to the clock. */
  readonly to: ConfirmedStatus | null
}

const anyCommand: Arbitrary.Arbitrary<Command> = Arbitrary.all({
  action: Arbitrary.schema(Schema.Literals(["request", "confirm", "refuse", "correct"])),
  to: Arbitrary.schema(Schema.NullOr(ConfirmedStatus))
})

const run = (
  roll: Roll,
  { action, to }: Command,
  now: DateTime.Utc
): Result.Result<Decided | null, { _tag: string }> => {
  switch (action) {
    case "request":
      return request(roll, byStudent(now))
    case "confirm":
      return confirm(roll, to ?? undefined, byTeacher(now))
    case "refuse":
      return refuse(roll, "a reason", byTeacher(now))
    case "correct":
      return correct(roll, to ?? "PRESENT", "a reason", byTeacher(now))
  }
}

const statusIn = (roll: Roll): AttendanceStatus => roll.attendance?.status ?? "NONE"

describe("whatever the roll, the hour and the command", () => {
  it.prop("a decision obeys the picture, counts one version up, and history and event tell of it", {
    moment: anyMoment,
    command: anyCommand
  }, ({ command, moment: { now, roll } }) => {
    const outcome = run(roll, command, now)
    if (Result.isFailure(outcome)) {
      expect(["InvalidTransition", "NotEnrolled", "SessionNotOpen", "OutsideCheckIn"]).toContain(outcome.failure._tag)
    } else if (outcome.success === null) {
      expect([command.action, statusIn(roll)]).toEqual(["request", "REQUESTED"])
    } else {
      const { attendance, change, event } = outcome.success
      expect(mayFollow(command.action, statusIn(roll), attendance.status)).toBe(true)
      expect(attendance.version).toBe((roll.attendance?.version ?? 0) + 1)
      expect(change).toMatchObject({
        attendanceId: attendance.id,
        from: statusIn(roll),
        to: attendance.status,
        at: now
      })
      expect(event.aggregate).toEqual({ type: "attendance", id: attendance.id, version: attendance.version })
      const { session: { classId, date, id } } = roll
      expect(event.payload).toMatchObject({ sessionId: id, studentId: roll.studentId, classId, sessionDate: date })
      expect(Schema.is(payloads[event.type])(event.payload)).toBe(true)
    }
  }, { arbitrary: { runs: 2000 } })

  it.prop(
    "a refusal that is about the student or the session comes before the one about the state",
    [anyMoment],
    ([{ now, roll }]) => {
      const outcome = request(roll, byStudent(now))
      const shut = roll.session.status !== "SCHEDULED" || roll.classStatus !== "ACTIVE"
      const expected = !roll.enrolled ? "NotEnrolled" : shut ? "SessionNotOpen" : undefined
      if (expected !== undefined) expect(Result.isFailure(outcome) && outcome.failure._tag).toBe(expected)
    },
    { arbitrary: { runs: 500 } }
  )

  it.prop(
    "the window is open from its first instant until the end, that one excluded",
    [anyMoment],
    ([{ now, roll }]) => {
      const free: Roll = {
        ...roll,
        session: { ...roll.session, status: "SCHEDULED" },
        classStatus: "ACTIVE",
        enrolled: true,
        attendance: null
      }
      const sinceStart = DateTime.toEpochMillis(now) - DateTime.toEpochMillis(roll.session.startsAt)
      const isOpen = sinceStart >= -minutes(roll.settings.checkInOpensBeforeMinutes) &&
        DateTime.toEpochMillis(now) < DateTime.toEpochMillis(roll.session.endsAt)
      expect(Result.isSuccess(request(free, byStudent(now)))).toBe(isOpen)
    },
    { arbitrary: { runs: 1000 } }
  )
})

// ---- any sequence of commands, beside a model that knows the page's sentences only

interface Model {
  readonly status: AttendanceStatus
  readonly requestedAt: number
}

/** Milliseconds since the start; `undefined`: refused. */
const next = (
  model: Model,
  command: Command,
  now: number,
  opens: number,
  grace: number,
  ends: number
): Model | undefined => {
  const { requestedAt, status } = model
  const confirmed = status !== "NONE" && status !== "REQUESTED"
  switch (command.action) {
    case "request":
      if (now < opens || now >= ends || confirmed) return undefined
      return status === "REQUESTED" ? model : { status: "REQUESTED", requestedAt: now }
    case "confirm": {
      if (now < opens || confirmed) return undefined
      const to = command.to ?? ((status === "REQUESTED" ? requestedAt : now) > grace ? "LATE" : "PRESENT")
      return status === "REQUESTED" && (to === "ABSENT" || to === "EXCUSED") ? undefined : { status: to, requestedAt }
    }
    case "refuse":
      return status === "REQUESTED" ? { status: "NONE", requestedAt } : undefined
    case "correct": {
      const to = command.to ?? "PRESENT"
      return confirmed && status !== to ? { status: to, requestedAt } : undefined
    }
  }
}

describe("given a student of whom nothing is known", () => {
  it.prop("when anybody does anything in any order, then the state is the model's and its history has no gap", {
    settings: anySettings,
    commands: Arbitrary.array(Arbitrary.all({ command: anyCommand, wait: whole(0, minutes(60)) }), { maxLength: 25 })
  }, ({ commands, settings }) => {
    const [opens, grace, ends] = [
      -minutes(settings.checkInOpensBeforeMinutes),
      minutes(settings.lateAfterMinutes),
      minutes(90)
    ]
    let now = opens - minutes(20)
    let model: Model = { status: "NONE", requestedAt: 0 }
    let seen: Roll = { ...roll, settings }
    let changes = 0
    for (const { command, wait } of commands) {
      now += wait
      const outcome = run(seen, command, later(roll.session.startsAt, now))
      const expected = next(model, command, now, opens, grace, ends)
      expect(Result.isSuccess(outcome)).toBe(expected !== undefined)
      if (Result.isSuccess(outcome) && outcome.success !== null) {
        expect(outcome.success.change.from).toBe(model.status)
        seen = { ...seen, attendance: outcome.success.attendance }
        changes++
      }
      model = expected ?? model
      expect(statusIn(seen)).toBe(model.status)
      expect(seen.attendance?.version ?? 0).toBe(changes)
      expect(seen.attendance === null || seen.attendance.id === roll.newId).toBe(true)
    }
  }, { arbitrary: { runs: 1000 } })
})
