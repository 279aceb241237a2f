/** Who plays: an academy of the day's own, made over HTTP, with two classes around the present minute. */
import { DateTime, Effect, Redacted } from "effect"
import { randomBytes, randomInt } from "node:crypto"
import type { Slot } from "../../../../domain/Class.ts"
import type { AcademyId, ClassId, MemberId, SessionId } from "../../../../domain/Ids.ts"
import { dateIn, dayOfWeek, type LocalDate, timeIn, type TimeZoneName } from "../../../../domain/LocalTime.ts"
import { LoginId, type NewMember } from "../../../../domain/Member.ts"
import type { Role } from "../../../../domain/Permission.ts"
import { PhoneNumber } from "../../../../domain/PhoneNumber.ts"
import { sampleLogins } from "../Seed.ts"
import { as, type Client, DemoFailed, doing, failing, isProblem, login, type Voice } from "./Client.ts"

export interface Person {
  readonly id: MemberId
  readonly name: string
  readonly phone: string | null
  readonly loginId: string
}
/** One meeting of a class. */
export interface Lesson {
  readonly classId: ClassId
  readonly name: string
  readonly sessionId: SessionId
  /** The day on which it begins, at the academy. */
  readonly date: LocalDate
  readonly startsAt: DateTime.Utc
}
export interface Student extends Person {
  readonly lesson: Lesson
}
export interface Guardian extends Person {
  readonly relationship: "FATHER" | "MOTHER"
  readonly children: ReadonlyArray<Student>
  readonly mayBeTold: boolean
}

/** Named by their parts in the play. */
export interface Cast {
  readonly academy: { readonly id: AcademyId; readonly name: string; readonly timeZone: TimeZoneName }
  readonly manager: Person
  readonly teacher: Person
  /** Began 15 minutes ago. */
  readonly running: Lesson
  /** Begins in 5 minutes. */
  readonly coming: Lesson
  readonly students: {
    readonly elder: Student
    readonly younger: Student
    readonly corrected: Student
    readonly late: Student
    readonly refused: Student
    readonly absent: Student
  }
  readonly guardians: {
    readonly ofSiblings: Guardian
    readonly ofCorrected: Guardian
    readonly ofLate: Guardian
    readonly notToBeTold: Guardian
    readonly ofRefused: Guardian
    readonly ofAbsent: Guardian
  }
}

/** Where a class lies around the present, in minutes; they do not overlap, since they have one teacher. */
export const begun = { name: "수학 A", subject: "수학", from: -15, until: 5 }
export const next = { name: "영어 B", subject: "영어", from: 5, until: 65 }
type Plan = typeof begun

/** Everybody's password: an academy of made-up people. */
const password = "demo-hanbit-2026"

/** Login ids and phone numbers of this run; no Korean number has 0 or 1 after 010, so nobody's phone can ring. */
const newNames = () => {
  const tag = randomBytes(4).toString("hex")
  const first = randomInt(0, 19_999_000)
  return {
    tag,
    loginId: (part: string) => LoginId.make(`${part}-${tag}`),
    phone: (n: number) => PhoneNumber.make(`+8210${String(first + n).padStart(8, "0")}`)
  }
}
type Names = ReturnType<typeof newNames>

const member = (client: Client, names: Names) => (role: Role, name: string, part: string, n: number) => {
  const payload: NewMember = {
    name,
    roles: [role],
    loginId: names.loginId(part),
    password: Redacted.make(password),
    ...(role === "STUDENT"
      ? { studentProfile: { schoolName: "데모초등학교", schoolType: "PRIMARY" as const, grade: 5 } }
      : { phone: names.phone(n) }),
    ...(role === "TEACHER" ? { teacherProfile: { specialty: "입시", careerYears: 7 } } : {})
  }
  return client.members.create({ payload }).pipe(
    Effect.map(({ body: { data } }): Person => ({
      id: data.id,
      name,
      phone: data.phone,
      loginId: names.loginId(part)
    })),
    doing(`making the member ${name}`)
  )
}

/** The weekly slot that has its meeting now. Over midnight it begins yesterday or ends tomorrow. */
export const slotAround = (
  zone: TimeZoneName,
  now: DateTime.Utc,
  plan: Plan
): { readonly date: LocalDate; readonly slot: Slot } => {
  const start = DateTime.add(now, { minutes: plan.from })
  const date = dateIn(zone, start)
  const until = DateTime.add(now, { minutes: plan.until })
  return { date, slot: { dayOfWeek: dayOfWeek(date), startTime: timeIn(zone, start), endTime: timeIn(zone, until) } }
}

/** A class with one meeting, into which its students are enrolled from the day of that meeting. */
const lesson = Effect.fnUntraced(function*(client: Client, zone: TimeZoneName, teacher: Person, plan: Plan) {
  const { date, slot } = slotAround(zone, yield* DateTime.now, plan)
  const { body: { data: made } } = yield* client.classes.create({
    payload: {
      name: plan.name,
      subject: plan.subject,
      teacherId: teacher.id,
      capacity: 10,
      startDate: date,
      schedules: [slot]
    }
  }).pipe(doing(`making the class ${plan.name}`))
  const { data: sessions } = yield* client.classes.sessions({
    params: { classId: made.id },
    query: { dateFrom: date, dateTo: date }
  }).pipe(doing(`looking for the session of ${plan.name}`))
  const [session] = sessions
  if (session === undefined) return yield* new DemoFailed({ message: `${plan.name} has no session on ${date}` })
  return { classId: made.id, name: plan.name, sessionId: session.id, date, startsAt: session.startsAt }
})

/** The administrator of the sample data. Fails where there is none. */
export const administrator = (client: Client) => {
  const [admin] = sampleLogins
  return login(client, admin).pipe(Effect.mapError((error) =>
    isProblem(error) && error.status === 401
      ? new DemoFailed({
        message:
          `the login of the sample administrator "${admin.loginId}" is refused: the demo needs a development AMS `
          + "with the sample data, as npm start makes it"
      })
      : failing("logging in as the sample administrator", error)
  ))
}

/** Logs a person of the cast in. */
export const voiceOf = (client: Client, { loginId, name }: Person): Effect.Effect<Voice, DemoFailed> =>
  login(client, { loginId, password }).pipe(doing(`logging in as ${name}`))

/** The administrator makes the academy and its manager; the manager makes the rest, guardians before they enrol. */
export const assemble = Effect.fnUntraced(function*(client: Client): Effect.fn.Return<Cast, DemoFailed> {
  const names = newNames()
  const person = member(client, names)
  const admin = yield* administrator(client)
  const { body: { data: academy } } = yield* client.academies.create({
    payload: { name: `데모학원 ${names.tag}`, registrationNumber: `DEMO-${names.tag}` }
  }).pipe(as(admin), doing("making the academy"))
  const manager = yield* as({ ...admin, academy: academy.id })(person("MANAGER", "오관리", "manager", 1))

  return yield* Effect.gen(function*() {
    const teacher = yield* person("TEACHER", "서수학", "teacher", 2)
    const running = yield* lesson(client, academy.timeZone, teacher, begun)
    const coming = yield* lesson(client, academy.timeZone, teacher, next)

    const student = (name: string, lesson: Lesson, part: string) =>
      Effect.map(person("STUDENT", name, part, 0), (made): Student => ({ ...made, lesson }))
    const enroll = ({ id, lesson, name }: Student) =>
      client.enrollments.enroll({
        params: { classId: lesson.classId },
        payload: { studentId: id, from: lesson.date }
      }).pipe(doing(`enrolling ${name} in ${lesson.name}`))
    const guardian = (
      name: string,
      n: number,
      relationship: Guardian["relationship"],
      children: ReadonlyArray<Student>,
      mayBeTold = true
    ) =>
      Effect.gen(function*() {
        const made: Guardian = {
          ...(yield* person("PARENT", name, `parent${n}`, 10 + n)),
          relationship,
          children,
          mayBeTold
        }
        for (const child of children) {
          yield* client.members.linkGuardian({
            params: { studentId: child.id },
            payload: { parentId: made.id, relationship, primary: mayBeTold, mayBeTold }
          }).pipe(doing(`linking ${child.name} with ${name}`))
        }
        return made
      })

    const students = yield* Effect.all({
      elder: student("김민준", coming, "elder"),
      younger: student("김서연", coming, "younger"),
      corrected: student("이도윤", coming, "corrected"),
      late: student("박지호", running, "late"),
      refused: student("최서준", coming, "refused"),
      absent: student("정예은", running, "absent")
    }, { concurrency: 4 })
    const guardians = yield* Effect.all({
      ofSiblings: guardian("김영희", 1, "MOTHER", [students.elder, students.younger]),
      ofCorrected: guardian("이정훈", 2, "FATHER", [students.corrected]),
      ofLate: guardian("박선영", 3, "MOTHER", [students.late]),
      notToBeTold: guardian("박성민", 4, "FATHER", [students.late], false),
      ofRefused: guardian("최은정", 5, "MOTHER", [students.refused]),
      ofAbsent: guardian("정다혜", 6, "MOTHER", [students.absent])
    }, { concurrency: 4 })
    yield* Effect.forEach(Object.values(students), enroll, { concurrency: 4, discard: true })
    return { academy, manager, teacher, running, coming, students, guardians }
  }).pipe(as(yield* voiceOf(client, manager)))
})
