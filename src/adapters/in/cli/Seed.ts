/**
 * The sample academy of a first start in development: a manager, two teachers, a dozen students with their guardians
 * (siblings among them) and three classes that meet around the present hour. Planted by the use cases themselves.
 */
import { DateTime, Effect, Redacted } from "effect"
import { CurrentActor } from "../../../application/Authorize.ts"
import { AcademyCommands } from "../../../application/commands/AcademyCommands.ts"
import { ClassCommands } from "../../../application/commands/ClassCommands.ts"
import { EnrollmentCommands } from "../../../application/commands/EnrollmentCommands.ts"
import { MemberCommands } from "../../../application/commands/MemberCommands.ts"
import type { Slot } from "../../../domain/Class.ts"
import { addDays, dateIn, dayOfWeek, LocalTime, timeIn, TimeZoneName } from "../../../domain/LocalTime.ts"
import { LoginId, type NewMember } from "../../../domain/Member.ts"
import type { Role } from "../../../domain/Permission.ts"
import { PhoneNumber } from "../../../domain/PhoneNumber.ts"

export const academyName = "한빛학원"
/** Known to everybody: development only, where the server listens on this machine alone. */
const password = "hanbit-2026"

export const sampleLogins = [
  { loginId: "admin", password, who: "administrator (names the academy by the header X-AMS-Academy)" },
  { loginId: "manager", password, who: "manager" },
  { loginId: "teacher1", password, who: "teacher of 수학 A and 과학 C" },
  { loginId: "teacher2", password, who: "teacher of 영어 B" },
  {
    loginId: "student1",
    password,
    who: "student of 수학 A and 과학 C, as are 2 to 6; student7 to student12 are in 영어 B"
  },
  { loginId: "parent1", password, who: "parent of student1 and student2" }
] as const

const zone = TimeZoneName.make("Asia/Seoul")
const phone = (n: number) => PhoneNumber.make(`+8210${String(20_000_000 + n)}`)

const person = (name: string, role: Role, loginId: string, n: number): NewMember => ({
  name,
  roles: [role],
  loginId: LoginId.make(loginId),
  password: Redacted.make(password),
  ...(role === "STUDENT"
    ? { studentProfile: { schoolName: "한빛초등학교", schoolType: "PRIMARY" as const, grade: (n % 6) + 1 } }
    : { phone: phone(n) }),
  ...(role === "TEACHER" ? { teacherProfile: { specialty: "입시", careerYears: 7 } } : {})
})

const students = [
  "김민준",
  "김서연",
  "이도윤",
  "이하은",
  "박지호",
  "최서준",
  "정예은",
  "강시우",
  "조하윤",
  "윤주원",
  "임지아",
  "한건우"
]
/** Which students each parent has, by their numbers: two pairs of siblings. */
const families = [
  { name: "김영희", children: [1, 2] },
  { name: "이정훈", children: [3, 4] },
  { name: "박성민", children: [5] },
  { name: "최은정", children: [6] },
  { name: "정다혜", children: [7] },
  { name: "강현우", children: [8] },
  { name: "조미란", children: [9] },
  { name: "윤상철", children: [10] },
  { name: "임수진", children: [11] },
  { name: "한동석", children: [12] }
]

/** One lesson of 55 minutes, from so many minutes before or after the present moment, each day from its first on. */
const lessonAt = (now: DateTime.Utc, minutes: number) => {
  const start = DateTime.add(now, { minutes })
  const date = dateIn(zone, start)
  const slot = {
    startTime: LocalTime.make(timeIn(zone, start)),
    endTime: LocalTime.make(timeIn(zone, DateTime.add(start, { minutes: 55 })))
  }
  const schedules = Array.from({ length: 7 }, (_, day): Slot => ({ ...slot, dayOfWeek: dayOfWeek(addDays(date, day)) }))
  // The one that began a quarter of an hour ago may have begun yesterday.
  return { startDate: date, schedules }
}

/** Runs the use cases as the first administrator. */
export const plant = Effect.gen(function*() {
  const academies = yield* AcademyCommands
  const members = yield* MemberCommands
  const classes = yield* ClassCommands
  const enrollments = yield* EnrollmentCommands
  const now = yield* DateTime.now

  const admin = yield* members.createAdministrator(person("시스템 관리자", "ADMINISTRATOR", "admin", 0))
  const asAdmin = { memberId: admin.id, academyId: null, roles: admin.roles, children: [] }
  const academy = yield* academies.create({ name: academyName, registrationNumber: "123-45-67890" }).pipe(
    Effect.provideService(CurrentActor, asAdmin)
  )

  yield* Effect.gen(function*() {
    yield* members.create(person("오관리", "MANAGER", "manager", 1))
    const first = yield* members.create(person("서수학", "TEACHER", "teacher1", 2))
    const second = yield* members.create(person("문과학", "TEACHER", "teacher2", 3))
    const enrolled = yield* Effect.forEach(
      students,
      (name, index) => members.create(person(name, "STUDENT", `student${index + 1}`, index)),
      { concurrency: 4 }
    )
    yield* Effect.forEach(families, ({ children, name }, index) =>
      Effect.gen(function*() {
        const parent = yield* members.create(person(name, "PARENT", `parent${index + 1}`, 100 + index))
        for (const child of children) {
          const student = enrolled[child - 1]
          if (student === undefined) continue
          yield* members.linkGuardian(student.id, { parentId: parent.id, relationship: "GUARDIAN", primary: true })
        }
      }), { concurrency: 4 })
    const firstHalf = enrolled.slice(0, 6)
    // Nobody is in two places at once: 영어 B overlaps with both others and has teacher and students of its own.
    for (
      const [name, subject, teacher, minutes, group] of [
        ["수학 A", "수학", first, -15, firstHalf],
        ["영어 B", "영어", second, 5, enrolled.slice(6)],
        ["과학 C", "과학", first, 45, firstHalf]
      ] as const
    ) {
      const lesson = lessonAt(now, minutes)
      const made = yield* classes.create({ name, subject, teacherId: teacher.id, capacity: 15, ...lesson })
      yield* Effect.forEach(
        group,
        (student) => enrollments.enroll(made.id, { studentId: student.id, from: lesson.startDate })
      )
    }
  }).pipe(Effect.provideService(CurrentActor, { ...asAdmin, academyId: academy.id }))
  return academy.id
})
