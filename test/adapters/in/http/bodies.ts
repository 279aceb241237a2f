/** For each endpoint that takes a body: where it is sent and one that is good, with every field there is. */
import { person } from "../../../support/academy.ts"
import type { House } from "../../../support/http.ts"

interface Good {
  readonly params?: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

let made = 0

export const good = ({ other, own }: House, attendanceId: string): Readonly<Record<string, Good>> => ({
  "auth.login": { body: { loginId: "nobody", password: "no-password" } },
  "auth.sendCode": {
    body: { phone: "010-9999-0000", purpose: "LOGIN", academyId: "0199aaaa-0000-7000-8000-000000000001", locale: "en" }
  },
  "auth.verifyCode": { body: { verificationId: "0199aaaa-0000-7000-8000-000000000001", code: "123456" } },
  "auth.signUp": {
    body: {
      verificationToken: "a".repeat(43),
      academyId: "0199aaaa-0000-7000-8000-000000000001",
      role: "STUDENT",
      name: "name",
      birthDate: "2015-02-28",
      gender: "FEMALE",
      locale: "ko",
      loginId: `good-${++made}`,
      password: "good-password",
      studentProfile: { schoolName: "school", schoolType: "HIGH", grade: 3 },
      teacherProfile: { specialty: "math", careerYears: 3, introduction: "hello" },
      guardian: { verificationToken: "b".repeat(43), name: "name", relationship: "MOTHER" }
    }
  },
  "auth.loginByPhone": {
    body: {
      verificationToken: "a".repeat(43),
      password: "good-password",
      academyId: "0199aaaa-0000-7000-8000-000000000001"
    }
  },
  "auth.findLoginId": { body: { verificationToken: "a".repeat(43) } },
  "auth.resetPassword": {
    body: { verificationToken: "a".repeat(43), loginId: "nobody", password: "good-password" }
  },
  "auth.changePassword": { body: { present: "present", password: "good-password" } },
  "auth.changePhone": { body: { verificationToken: "a".repeat(43) } },
  "auth.deactivate": { body: { present: "present" } },
  "members.edit": {
    params: { memberId: own.student.id },
    body: {
      name: "name",
      phone: "010-9999-0001",
      birthDate: "2015-02-28",
      gender: "OTHER",
      locale: "en",
      studentProfile: { schoolName: "school", schoolType: "HIGH", grade: 3 },
      teacherProfile: { specialty: "math", careerYears: 3, introduction: "hello" }
    }
  },
  "members.changeRoles": {
    params: { memberId: own.student.id },
    body: {
      roles: ["STUDENT"],
      studentProfile: { schoolName: "school", schoolType: "HIGH", grade: 3 },
      teacherProfile: { specialty: "math", careerYears: 3, introduction: "hello" }
    }
  },
  "members.changeGuardian": {
    params: { studentId: own.student.id },
    body: { relationship: "FATHER", primary: true, mayBeTold: true }
  },
  "auth.refresh": { body: { refreshToken: "a".repeat(43) } },
  "auth.logout": { body: { refreshToken: "a".repeat(43) } },
  "academies.create": {
    body: {
      name: "하늘학원",
      phone: "02-123-4567",
      address: "Seoul",
      zipCode: "04524",
      registrationNumber: `good-${++made}`,
      timeZone: "Asia/Seoul",
      settings: {
        checkInOpensBeforeMinutes: 30,
        lateAfterMinutes: 10,
        missingAfterMinutes: 10,
        rollChaseAfterMinutes: 10,
        closesAfterMinutes: 60,
        consecutiveAbsences: 3,
        quietHours: { from: "22:00", until: "07:00" }
      }
    }
  },
  "academy.change": {
    body: {
      name: "새이름",
      phone: "02-123-4567",
      address: "Seoul",
      zipCode: "04524",
      timeZone: "Asia/Seoul",
      settings: {
        checkInOpensBeforeMinutes: 30,
        lateAfterMinutes: 10,
        missingAfterMinutes: 10,
        rollChaseAfterMinutes: 10,
        closesAfterMinutes: 60,
        consecutiveAbsences: 3,
        quietHours: { from: "22:00", until: "07:00" }
      }
    }
  },
  "academy.putHoliday": { body: { name: "설날" } },
  "academy.addClassroom": { body: { name: `room ${++made}`, location: "2F", capacity: 20 } },
  "academy.changeClassroom": { body: { name: `room ${++made}`, location: "2F", capacity: 20 } },
  "members.create": {
    body: {
      ...person("TEACHER"),
      birthDate: "1990-02-28",
      gender: "OTHER",
      locale: "en",
      roles: ["TEACHER", "STUDENT"],
      loginId: `good-${++made}`,
      password: "good-password",
      studentProfile: { schoolName: "school", schoolType: "HIGH", grade: 3 },
      teacherProfile: { specialty: "math", careerYears: 3, introduction: "hello" }
    }
  },
  "members.linkGuardian": {
    params: { studentId: own.student.id },
    body: { parentId: other.parent.id, relationship: "FATHER", primary: false, mayBeTold: true }
  },
  "classes.create": {
    body: {
      name: "국어",
      subject: "국어",
      teacherId: own.teacher.id,
      classroomId: own.classId,
      capacity: 5,
      startDate: "2026-03-02",
      endDate: "2099-12-31",
      audience: "초3",
      description: "text",
      curriculum: "text",
      fee: 300_000,
      schedules: [{ dayOfWeek: "MON", startTime: "04:00", endTime: "04:30" }]
    }
  },
  "classes.edit": {
    params: { classId: own.classId },
    body: {
      name: "국어",
      subject: "국어",
      teacherId: own.teacher.id,
      classroomId: own.classId,
      capacity: 5,
      endDate: "2099-12-31",
      audience: "초3",
      description: "text",
      curriculum: "text",
      fee: 300_000,
      schedules: [{ dayOfWeek: "MON", startTime: "04:00", endTime: "04:30" }]
    }
  },
  "sessions.add": {
    params: { classId: own.classId },
    body: { date: "2026-03-02", startTime: "16:00", endTime: "17:00", reason: "보강" }
  },
  "sessions.cancel": { params: { sessionId: own.sessionId }, body: { reason: "ill" } },
  "sessions.move": {
    params: { sessionId: own.sessionId },
    body: { date: "2026-03-02", startTime: "16:00", endTime: "17:00", reason: "ill" }
  },
  "enrollments.enroll": {
    params: { classId: own.classId },
    body: {
      studentId: other.student.id,
      from: own.date,
      until: "2099-12-31",
      withoutGuardian: true,
      reason: "comes of age"
    }
  },
  "enrollments.cancel": { params: { classId: own.classId }, body: { lastDay: own.date } },
  "enrollments.wait": { params: { classId: own.classId }, body: { studentId: other.student.id } },
  "attendances.confirm": {
    params: { sessionId: own.sessionId },
    body: { students: [{ studentId: own.student.id, status: "PRESENT" }] }
  },
  "attendances.refuse": { params: { attendanceId }, body: { reason: "not seen" } },
  "attendances.correct": { params: { attendanceId }, body: { status: "ABSENT", reason: "mistaken" } },
  "leaves.request": {
    body: { studentId: own.student.id, from: own.date, until: "2026-12-31", reason: "flu" }
  },
  "leaves.approve": { body: { answer: "get well soon" } },
  "leaves.reject": { body: { answer: "there is a test on that day" } },
  "failedEvents.startRun": {
    body: {
      action: "DISCARD",
      filter: {
        handler: "SendMessage:SMS",
        eventType: "MessagePlanned",
        class: "permanent",
        fingerprint: "SendMessage:nothing",
        failedFrom: "2026-03-02T07:30:00Z",
        failedBefore: "2026-03-02T16:30:00.250+09:00"
      },
      rate: 50,
      reason: "told by hand"
    }
  },
  "failedEvents.discard": { body: { reason: "told by hand" } },
  "me.prefer": { body: { channels: ["SMS", "PUSH"], muted: ["CHECK_IN"] } },
  "me.register": { body: { platform: "IOS", token: `token-of-${++made}-${"x".repeat(100)}` } },
  "channels.change": {
    body: {
      enabled: true,
      sender: "02-1234-5678",
      profile: "KA01PF1",
      credentials: { apiKey: "key", apiSecret: "secret" },
      templates: { "CHECK_IN/ko": "KA01TP1" }
    }
  },
  "notifications.resend": { body: { reason: "the parent asked for it" } },
  "operations.pause": { params: { handler: "Statistics" }, body: { reason: "maintenance" } }
})

/** For each endpoint that takes a file: where it is sent, and one that is good. */
export const files = (): Readonly<
  Record<string, { readonly params: Readonly<Record<string, string>>; readonly body: string }>
> => {
  const members = {
    params: { kind: "members" },
    body:
      `이름,생년월일,학교,학년,보호자 이름,보호자 전화번호\n학생${++made},2015-03-02,한빛초,초3,박보람,010-9998-0000\n`
  }
  return { "imports.run": members, "imports.watch": members }
}
