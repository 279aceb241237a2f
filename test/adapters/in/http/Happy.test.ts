import { expect, layer } from "@effect/vitest"
import { DateTime, Effect, Schema } from "effect"
import { addDays } from "../../../../src/domain/LocalTime.ts"
import { alone, daily, person } from "../../../support/academy.ts"
import { Ams, World } from "../../../support/http.ts"
import { endpoints } from "./endpoints.ts"
import { arrived, done, good, idOf, make, office, refused } from "./good.ts"
import { figures, search, sessions } from "./goodSessions.ts"
import { access } from "./HappyAccess.ts"
import { attending } from "./HappyAttending.ts"
import { imports } from "./HappyImports.ts"
import { notifications } from "./HappyNotifications.ts"
import { notified } from "./HappyNotified.ts"
import { signingUp } from "./HappySignUp.ts"
import { term } from "./HappyTerm.ts"

layer(World.layer, { excludeTestServices: true })("a good request", (it) => {
  access(it)
  signingUp(it)

  it.effect("makes an academy, once for each registration number", () =>
    Effect.gen(function*() {
      const { admin } = yield* World
      const sent = { token: admin, body: { name: "하늘학원", registrationNumber: "happy-1" } }
      expect(yield* good("academies.create", sent)).toMatchObject({
        ...sent.body,
        timeZone: "Asia/Seoul",
        status: "ACTIVE",
        settings: {
          checkInOpensBeforeMinutes: 30,
          lateAfterMinutes: 10,
          missingAfterMinutes: 10,
          rollChaseAfterMinutes: 10,
          closesAfterMinutes: 60,
          consecutiveAbsences: 3
        },
        version: 1
      })
      yield* refused("academies.create", sent, 409, "ACADEMY_DUPLICATE")
    }))

  it.effect("makes members, one for each phone number; a student may share a parent's", () =>
    Effect.gen(function*() {
      const as = yield* office
      const phone = "010-7777-0001"
      const parentId = yield* make("members.create", { ...as, body: { ...person("PARENT"), phone } })
      const student = { ...as, body: { ...person("STUDENT"), phone } }
      expect(yield* good("members.create", student)).toMatchObject({
        phone: "+821077770001",
        status: "ACTIVE",
        roles: ["STUDENT"]
      })
      const studentId = yield* make("members.create", student)
      yield* refused("members.create", { ...as, body: { ...person("TEACHER"), phone } }, 409, "MEMBER_DUPLICATE")
      const { studentProfile: _, ...incomplete } = person("STUDENT")
      const problem = yield* refused("members.create", { ...as, body: incomplete }, 422, "MEMBER_INCOMPLETE")
      expect(problem.errors).toMatchObject([{ pointer: "/body/studentProfile", code: "REQUIRED" }])

      const link = { ...as, params: { studentId }, body: { parentId, relationship: "FATHER" } }
      expect(yield* good("members.linkGuardian", link)).toMatchObject({
        studentId,
        parentId,
        primary: false,
        mayBeTold: true
      })
      yield* refused("members.linkGuardian", link, 409, "GUARDIANSHIP_DUPLICATE")
      yield* refused(
        "members.linkGuardian",
        { ...link, body: { ...link.body, parentId: studentId } },
        422,
        "GUARDIANSHIP_ROLES"
      )

      yield* (yield* Ams).settled
      const listed = yield* good("members.list", { ...as, query: "?role=STUDENT&status=ACTIVE&limit=100" })
      expect(listed).toContainEqual(expect.objectContaining({
        id: studentId,
        phone: "+821077770001",
        schoolName: "school",
        grade: 3,
        guardians: [{ id: parentId, name: expect.any(String), relationship: "FATHER" }]
      }))
      expect(listed).not.toContainEqual(expect.objectContaining({ id: parentId }))
    }))

  it.effect("asks the parent of several children about whom", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const as = yield* office
      const parentId = yield* make("members.create", { ...as, body: person("PARENT") })
      const children = [yield* arrived(), yield* arrived("other")].map(({ studentId }) => studentId)
      for (const studentId of children) {
        yield* good("members.linkGuardian", {
          ...as,
          params: { studentId },
          body: { parentId, relationship: "MOTHER" }
        })
      }
      yield* ams.settled
      const token = yield* ams.token(parentId)
      for (const name of ["classes.list", "attendances.ofStudent"]) {
        yield* refused(name, { token }, 400, "COMMON_CHILD_NOT_NAMED")
        for (const child of children) expect(yield* good(name, { token, query: `?studentId=${child}` })).toHaveLength(1)
      }
    }))

  it.effect("makes a class with its sessions of 30 days, and enrols as many as it has seats", () =>
    Effect.gen(function*() {
      const as = yield* office
      const now = yield* DateTime.now
      const teacherId = yield* make("members.create", { ...as, body: person("TEACHER") })
      const body = { name: "국어", subject: "국어", teacherId, capacity: 1, schedules: daily(now, 120) }
      const made = yield* good("classes.create", { ...as, body })
      expect(made).toMatchObject({ name: "국어", status: "ACTIVE", capacity: 1, fee: null, version: 1 })
      const params = { classId: idOf(made) }
      const sessions = yield* good("classes.sessions", {
        ...as,
        params,
        query: "?dateFrom=2026-01-01&dateTo=2999-12-31"
      })
      expect(sessions).toHaveLength(30)

      const [one, other] = [
        yield* make("members.create", { ...as, body: person("STUDENT") }),
        yield* make("members.create", { ...as, body: person("STUDENT") })
      ]
      const enroll = (studentId: string) => ({ ...as, params, body: { studentId, ...alone } })
      expect(yield* good("enrollments.enroll", enroll(one))).toMatchObject({
        studentId: one,
        until: null,
        status: "ACTIVE"
      })
      yield* refused("enrollments.enroll", enroll(one), 409, "ENROLLMENT_DUPLICATE")
      yield* refused("enrollments.enroll", enroll(other), 409, "CLASS_FULL")
      yield* refused("enrollments.enroll", enroll(teacherId), 422, "ENROLLMENT_NOT_A_STUDENT")
      const tooEarly = { ...enroll(other), body: { studentId: other, from: "2020-01-01", ...alone } }
      yield* refused("enrollments.enroll", tooEarly, 422, "ENROLLMENT_INVALID_RANGE")
      const never = [{ dayOfWeek: "MON", startTime: "10:00", endTime: "10:00" }]
      yield* refused("classes.create", { ...as, body: { ...body, schedules: never } }, 422, "CLASS_INVALID_SCHEDULE")

      const ams = yield* Ams
      const [first] = yield* Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: Schema.String })))(sessions)
      const early = { token: yield* ams.token(one), params: { sessionId: first?.id ?? "" } }
      yield* refused("attendances.request", early, 409, "ATTENDANCE_OUTSIDE_CHECK_IN")
    }))

  it.effect("confirms a whole list: PRESENT, past the grace LATE, or what the teacher says; all or none", () =>
    Effect.gen(function*() {
      const [one, two, late] = [yield* arrived(), yield* arrived(), yield* arrived("other")]
      const { params, teacher } = one
      const list = (...students: ReadonlyArray<object>) => ({ ...teacher, params, body: { students } })
      const stranger = { studentId: late.studentId }
      yield* refused(
        "attendances.confirm",
        list({ studentId: one.studentId }, stranger),
        409,
        "ATTENDANCE_NOT_ENROLLED"
      )
      expect(
        yield* good(
          "attendances.confirm",
          list({ studentId: one.studentId }, { studentId: two.studentId, status: "LATE" })
        )
      )
        .toMatchObject([{ id: one.attendanceId, status: "PRESENT" }, { id: two.attendanceId, status: "LATE" }])
      const problem = yield* refused(
        "attendances.confirm",
        list({ studentId: one.studentId }),
        409,
        "ATTENDANCE_INVALID_TRANSITION"
      )
      expect(problem).toMatchObject({ currentState: "PRESENT", requestedState: "PRESENT" })
      expect(
        yield* good("attendances.confirm", { ...late.teacher, params: late.params, body: { students: [stranger] } })
      )
        .toMatchObject([{ id: late.attendanceId, status: "LATE" }])
    }))

  it.effect("presses the button twice, is refused, presses again: one attendance, every step in its history", () =>
    Effect.gen(function*() {
      const { attendanceId, params, student, studentId, teacher } = yield* arrived()
      expect(yield* make("attendances.request", { ...student, params })).toBe(attendanceId)
      const refusal = { ...teacher, params, body: { reason: "not in the room" } }
      expect(yield* good("attendances.refuse", refusal)).toMatchObject({
        id: attendanceId,
        status: "NONE",
        requestedAt: null
      })
      yield* refused("attendances.refuse", refusal, 409, "ATTENDANCE_INVALID_TRANSITION")
      expect(yield* make("attendances.request", { ...student, params })).toBe(attendanceId)
      yield* good("attendances.confirm", { ...teacher, params, body: { students: [{ studentId, status: "PRESENT" }] } })
      const correction = { ...teacher, params, body: { status: "ABSENT", reason: "mistaken for another" } }
      expect(yield* good("attendances.correct", correction)).toMatchObject({
        status: "ABSENT",
        note: "mistaken for another",
        version: 5
      })
      expect(yield* good("attendances.absences", { ...teacher, params })).toEqual([])
      expect(yield* good("attendances.history", { ...student, params })).toMatchObject([
        { from: "NONE", to: "REQUESTED", actorId: studentId, actorRole: "STUDENT", channel: "API", reason: null },
        { from: "REQUESTED", to: "NONE", actorRole: "TEACHER", reason: "not in the room" },
        { from: "NONE", to: "REQUESTED", actorRole: "STUDENT" },
        { from: "REQUESTED", to: "PRESENT", actorRole: "TEACHER" },
        { from: "PRESENT", to: "ABSENT", actorRole: "TEACHER", reason: "mistaken for another" }
      ])
    }))

  it.effect("reads what became of it: by class, by student, in figures", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { classId, date, parent, sessionId, student, teacher } = (yield* World).b.own
      const params = { classId, sessionId }
      yield* good("attendances.request", { token: student.token, params })
      yield* good("attendances.confirm", {
        token: teacher.token,
        params,
        body: { students: [{ studentId: student.id }] }
      })
      yield* ams.settled
      const view = { sessionId, classId, studentId: student.id, date, status: "PRESENT" }
      expect(yield* good("attendances.ofClass", { token: teacher.token, params, query: `?date=${date}` }))
        .toMatchObject([view])
      expect(yield* good("attendances.ofStudent", { token: parent.token })).toMatchObject([view])
      const days = { token: teacher.token, query: `?classId=${classId}&dateFrom=${date}&dateTo=${addDays(date, 1)}` }
      expect(yield* good("statistics.classDays", days)).toMatchObject([
        { date, sessions: 1, expected: 1, present: 1, late: 0, absent: 0, excused: 0, attendanceRate: 1 },
        { date: addDays(date, 1), sessions: 1, held: 0, expected: 1, present: 0, attendanceRate: null }
      ])
      expect(yield* good("classes.list", { token: student.token })).toMatchObject([{ id: classId, enrolled: 1 }])
    }))

  it.effect("lets a handler rest and go on, once each", () =>
    Effect.gen(function*() {
      const { a, admin } = yield* World
      const [administrator, manager] = [{ token: admin }, { token: a.manager.token }]
      const params = { handler: "Statistics" }
      const pause = { ...administrator, params, body: { reason: " maintenance " } }
      const paused = { handler: "Statistics", paused: { reason: "maintenance", since: expect.any(String) } }
      expect(yield* good("operations.pause", pause)).toMatchObject(paused)
      yield* refused("operations.pause", pause, 409, "HANDLER_ALREADY_PAUSED")
      expect(yield* good("operations.handlers", manager)).toMatchObject([
        { handler: "ReadModelSync", paused: null, openIn: null },
        paused,
        { handler: "Notifications" },
        { handler: "SendMessage:PUSH" },
        { handler: "SendMessage:KAKAO_TALK", policy: { batch: 1, retries: 3 } },
        { handler: "SendMessage:SMS" }
      ])
      expect(yield* good("operations.resume", { ...administrator, params })).toMatchObject({ paused: null })
      yield* refused("operations.resume", { ...administrator, params }, 409, "HANDLER_NOT_PAUSED")
    }))

  it.effect("sees how far behind the handlers are; the processes only who operates them", () =>
    Effect.gen(function*() {
      const { a, admin } = yield* World
      yield* (yield* Ams).settled
      const idle = { open: 0, oldestSeconds: 0 }
      const ours = yield* good("operations.deliveries", { token: a.manager.token })
      expect(ours).toMatchObject({ ...idle, academyId: a.id, nodes: null })
      const all = yield* good("operations.deliveries", { token: admin })
      expect(all).toMatchObject({ ...idle, academyId: null, nodes: [{ pid: process.pid, openCircuits: [] }] })
    }))

  it.effect("follows a check-in to the message that a parent got, without a name, a number or a text", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const as = yield* office
      const { attendanceId, params, studentId, teacher } = yield* arrived()
      const parent = person("PARENT")
      const parentId = yield* make("members.create", { ...as, body: parent })
      yield* good("members.linkGuardian", { ...as, params: { studentId }, body: { parentId, relationship: "MOTHER" } })
      yield* good("attendances.confirm", { ...teacher, params, body: { students: [{ studentId, status: "PRESENT" }] } })
      yield* ams.settled
      const eventId = yield* ams.eventOf(attendanceId, "AttendanceConfirmed")
      const story = yield* good("operations.event", { ...as, params: { eventId } })
      const message = { kind: "CHECK_IN", channel: expect.any(String), attempts: [{ number: 1, provider: "sandbox" }] }
      expect(story).toMatchObject({
        event: { id: eventId, type: "AttendanceConfirmed", aggregate: { id: attendanceId }, payload: { studentId } },
        together: [],
        deliveries: ["ReadModelSync", "Statistics", "Notifications"].map((handler) => ({ handler, state: "done" })),
        failed: [],
        messages: [message]
      })
      const { messages: [{ id }] } = yield* Schema.decodeUnknownEffect(
        Schema.Struct({ messages: Schema.Tuple([Schema.Struct({ id: Schema.String })]) })
      )(story)
      const planned = yield* ams.eventOf(id, "MessagePlanned")
      const next = yield* good("operations.event", { ...as, params: { eventId: planned } })
      expect(next).toMatchObject({
        deliveries: [{}, { handler: "SendMessage:KAKAO_TALK", state: "done" }],
        messages: [{ id }]
      })
      for (const personal of [parent.name, parent.phone?.slice(-8) ?? "", "출석"]) {
        expect(JSON.stringify([story, next])).not.toContain(personal)
      }
    }))

  it.effect("finds what failed, gives it to its handler again or gives it up; done is done", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const as = yield* office
      const fingerprint = "ReadModelSync:http-503@adapters/x.ts"
      const [one, other] = [yield* ams.plant(a.id, { fingerprint }), yield* ams.plant(a.id, { fingerprint, age: 3600 })]
      const query = `?fingerprint=${encodeURIComponent(fingerprint)}`
      const open = { academyId: a.id, status: "OPEN", class: "permanent", fingerprint, handler: "ReadModelSync" }
      expect(yield* good("failedEvents.list", { ...as, query: `${query}&status=OPEN&limit=5` })).toMatchObject([
        { id: other.id, ...open },
        { id: one.id, eventId: one.eventId, attempts: [{ number: 1 }], nextRedriveAt: null, ...open }
      ])
      const anHourAgo = `${query}&failedBefore=${new Date(Date.now() - 1_800_000).toISOString()}`
      expect(yield* good("failedEvents.list", { ...as, query: anHourAgo })).toMatchObject([{ id: other.id }])
      expect(yield* good("failedEvents.groups", { ...as, query })).toMatchObject([
        { fingerprint, count: 2, academies: 1, sample: one.id, lastFailedAt: expect.stringMatching(/Z$/) }
      ])

      const params = { failedEventId: one.id }
      expect(yield* good("failedEvents.replay", { ...as, params })).toMatchObject({ id: one.id, replays: 1 })
      yield* ams.settled
      expect(yield* good("failedEvents.show", { ...as, params })).toMatchObject({ ...open, status: "RESOLVED" })
      const refusal = yield* refused("failedEvents.replay", { ...as, params }, 409, "FAILED_EVENT_NOT_OPEN")
      expect(refusal).toMatchObject({ currentState: "RESOLVED", requestedState: "REPLAYING" })

      const giveUp = { ...as, params: { failedEventId: other.id }, body: { reason: " told by hand " } }
      expect(yield* good("failedEvents.discard", giveUp)).toMatchObject({ status: "DISCARDED", reason: "told by hand" })
      yield* refused("failedEvents.discard", giveUp, 409, "FAILED_EVENT_NOT_OPEN")
      const done = { open: 0, expired: 0, replaying: 0, done: 2 }
      expect(yield* good("failedEvents.preview", { ...as, query })).toEqual(done)
      yield* refused("failedEvents.show", { ...as, params: { failedEventId: a.id } }, 404, "FAILED_EVENT_NOT_FOUND")
    }))

  it.effect("begins a run over many, sees how far it is, and aborts it", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a, admin } = yield* World
      const as = yield* office
      const fingerprint = "ReadModelSync:run"
      yield* Effect.all([ams.plant(a.id, { fingerprint }), ams.plant(a.id, { fingerprint })])
      const filter = { fingerprint, failedFrom: "2026-03-02T16:30:00+09:00" }
      const begin = { ...as, body: { action: "REPLAY", filter, rate: 2 } }
      const begun = yield* good("failedEvents.startRun", begin)
      const run = { filter: { ...filter, academyId: a.id, failedFrom: "2026-03-02T07:30:00.000Z" }, rate: 2, total: 2 }
      expect(begun).toMatchObject({ ...run, action: "REPLAY", status: "RUNNING", done: 0, reason: null })
      const params = { runId: idOf(begun) }
      expect(yield* good("failedEvents.run", { ...as, params })).toEqual(begun)
      expect(yield* good("failedEvents.runs", { ...as, query: "?limit=1" })).toEqual([begun])
      expect(yield* good("failedEvents.runs", { token: admin, query: "?limit=1" })).toEqual([begun])
      expect(yield* good("failedEvents.abortRun", { ...as, params })).toMatchObject({ ...run, status: "ABORTED" })
      const refusal = yield* refused("failedEvents.abortRun", { ...as, params }, 409, "RUN_NOT_RUNNING")
      expect(refusal).toMatchObject({ currentState: "ABORTED", requestedState: "ABORTED" })

      for (const body of [{ ...begin.body, action: "DISCARD" }, { ...begin.body, reason: "why" }]) {
        const problem = yield* refused("failedEvents.startRun", { ...as, body }, 400, "COMMON_VALIDATION_FAILED")
        expect(problem.errors).toMatchObject([{ pointer: "/body/reason" }])
      }
    }))

  term(it)
  attending(it)
  notifications(it)

  it.effect("sees sessions as they are lived: the day, the register, who was told what, the month", () => sessions)

  it.effect("finds people by a few letters of their names", () => search)

  it.effect("sums up days, weeks and months, of whom one may know", () => figures)

  notified(it)
  imports(it)

  it("was made to every endpoint", () => {
    expect(endpoints.map(({ name }) => name).filter((name) => !done.has(name))).toEqual([])
  })
})
