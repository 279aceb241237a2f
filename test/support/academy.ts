/** An academy with its people, made by the use cases: what most tests begin with. */
import { DateTime, Effect, Redacted } from "effect"
import { CurrentActor } from "../../src/application/Authorize.ts"
import { AcademyCommands } from "../../src/application/commands/AcademyCommands.ts"
import { ClassCommands } from "../../src/application/commands/ClassCommands.ts"
import { EnrollmentCommands } from "../../src/application/commands/EnrollmentCommands.ts"
import { MemberCommands } from "../../src/application/commands/MemberCommands.ts"
import { defaultSettings } from "../../src/domain/Academy.ts"
import type { Slot } from "../../src/domain/Class.ts"
import { addDays, dateIn, dayOfWeek, LocalTime, timeIn, TimeZoneName } from "../../src/domain/LocalTime.ts"
import { LoginId, type NewMember } from "../../src/domain/Member.ts"
import type { Actor, Role } from "../../src/domain/Permission.ts"
import { PhoneNumber } from "../../src/domain/PhoneNumber.ts"
import { ClassRepository } from "../../src/ports/ClassRepository.ts"

/**
 * Where noon was less than an hour ago when a file's tests begin: no day of its academies ends while they run, whatever the
 * hour of the machine. Names of this kind are of POSIX: `Etc/GMT-9` is nine hours ahead.
 */
export const zone = (() => {
  const ahead = 12 - new Date().getUTCHours()
  return TimeZoneName.make(ahead === 0 ? "Etc/UTC" : `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`)
})()
export const password = "test-password"

let people = 0

export const person = (role: Role, changed: Partial<NewMember> = {}): NewMember => {
  const n = ++people
  return {
    name: `${role.toLowerCase()} ${n}`,
    roles: [role],
    ...(role === "STUDENT"
      ? { studentProfile: { schoolName: "school", schoolType: "PRIMARY" as const, grade: 3 } }
      : { phone: PhoneNumber.make(`+8210${String(30_000_000 + n)}`) }),
    ...(role === "TEACHER" ? { teacherProfile: { specialty: "math", careerYears: 3 } } : {}),
    ...changed
  }
}

/** With a password of its own: costs a hash. */
export const withLogin = (loginId: string) => ({ loginId: LoginId.make(loginId), password: Redacted.make(password) })

/** Every day, from so many minutes before or after now, for so many minutes. */
export const daily = (now: DateTime.Utc, from: number, minutes = 90): ReadonlyArray<Slot> => {
  const start = DateTime.add(now, { minutes: from })
  const date = dateIn(zone, start)
  return Array.from({ length: 7 }, (_, day) => ({
    dayOfWeek: dayOfWeek(addDays(date, day)),
    startTime: LocalTime.make(timeIn(zone, start)),
    endTime: LocalTime.make(timeIn(zone, DateTime.add(start, { minutes })))
  }))
}

/** Ten minutes, so many minutes of the day away from now: where nothing of `daily` is, whatever the hour. */
export const away = (now: DateTime.Utc, minutes: number) => ({
  startTime: timeIn(zone, DateTime.add(now, { minutes })),
  endTime: timeIn(zone, DateTime.add(now, { minutes: minutes + 10 }))
})

/** Enrols a student of whom nobody may be told. */
export const alone = { withoutGuardian: true, reason: "comes of age" }

export const as = (actor: Actor) => Effect.provideService(CurrentActor, actor)

/** A manager, a teacher, students each with a parent, and one class that began some minutes ago. */
export const makeAcademy = Effect.fnUntraced(function*(options: {
  readonly students: number
  /** Minutes from now to the class's start; negative: it has begun. */
  readonly startsIn?: number
  readonly capacity?: number
  readonly logins?: boolean
  /** Minutes; long enough, if nothing is said, for nobody to be missed while a test runs. */
  readonly missingAfter?: number
}) {
  const academies = yield* AcademyCommands
  const members = yield* MemberCommands
  const classes = yield* ClassCommands
  const enrollments = yield* EnrollmentCommands
  const repository = yield* ClassRepository
  const now = yield* DateTime.now
  const tag = `${++people}`
  const login = (who: string) => (options.logins === true ? withLogin(`${who}-${tag}`) : {})

  const admin = yield* members.createAdministrator(person("ADMINISTRATOR"))
  const asAdmin: Actor = { memberId: admin.id, academyId: null, roles: ["ADMINISTRATOR"], children: [] }
  const academy = yield* academies.create({
    name: "한빛학원",
    registrationNumber: `reg-${tag}-${admin.id}`,
    timeZone: zone,
    settings: { ...defaultSettings, missingAfterMinutes: options.missingAfter ?? 240 }
  }).pipe(
    as(asAdmin)
  )
  const inside: Actor = { ...asAdmin, academyId: academy.id }
  return yield* Effect.gen(function*() {
    const manager = yield* members.create(person("MANAGER", login("manager")))
    const teacher = yield* members.create(person("TEACHER", login("teacher")))
    const made = yield* classes.create({
      name: "수학 A",
      subject: "수학",
      teacherId: teacher.id,
      capacity: options.capacity ?? Math.max(1, options.students),
      schedules: daily(now, options.startsIn ?? -5)
    })
    const students = yield* Effect.forEach(
      Array.from({ length: options.students }),
      (_, index) =>
        Effect.gen(function*() {
          const student = yield* members.create(person("STUDENT", index === 0 ? login("student") : {}))
          const parent = yield* members.create(person("PARENT", index === 0 ? login("parent") : {}))
          yield* members.linkGuardian(student.id, { parentId: parent.id, relationship: "MOTHER" })
          yield* enrollments.enroll(made.id, { studentId: student.id })
          return { student, parent }
        })
    )
    const today = dateIn(zone, DateTime.add(now, { minutes: options.startsIn ?? -5 }))
    const sessions = yield* repository.sessions(academy.id, made.id, { from: today, to: today })
    const session = sessions[0] ?? (yield* Effect.die("no session today"))
    const actor = (
      member: { readonly id: Actor["memberId"] },
      role: Role,
      children: Actor["children"] = []
    ): Actor => ({
      memberId: member.id,
      academyId: academy.id,
      roles: [role],
      children
    })
    return {
      academy,
      admin: inside,
      tag,
      manager: actor(manager, "MANAGER"),
      teacher: actor(teacher, "TEACHER"),
      class: made,
      session,
      today,
      students: students.map(({ parent, student }) => ({
        student: actor(student, "STUDENT"),
        parent: actor(parent, "PARENT", [student.id]),
        name: student.name
      }))
    }
  }).pipe(as(inside))
})
