/**
 * What people read: a template for each kind of notification, in their language. KakaoTalk approves templates word by word,
 * so a text is its template with the variables put in, and nothing else.
 */
import { dayOfWeek, LocalDate } from "./LocalTime.ts"
import { NotificationKind } from "./Notification.ts"

export type Locale = "ko" | "en"

/** One line of a message: what happened to one child, as it is at the moment of sending. */
export interface Line {
  readonly kind: NotificationKind
  /** Of the student, or of another member whom it is about; empty where it is about a whole roll. */
  readonly studentName: string
  /** Empty where it is about leave. */
  readonly className: string
  /** The session's day at the academy, or the first one of the leave, and its last one. */
  readonly day: LocalDate
  readonly until: LocalDate
  /** Local time at the academy, `HH:mm`: when the child was there, or else when the session begins. */
  readonly time: string
  readonly status: string
  /** Students of the roll who wait to be confirmed; or sessions missed in a row. */
  readonly count: number
}

/** One of each kind; of a session that changes the teacher reads another one, which names no child. */
export type TemplateName = NotificationKind | "SESSION_CANCELLED_STAFF" | "SESSION_MOVED_STAFF"
export const templateNames: ReadonlyArray<TemplateName> = [
  ...NotificationKind.literals,
  "SESSION_CANCELLED_STAFF",
  "SESSION_MOVED_STAFF"
]

const templateOf = ({ kind, studentName }: Pick<Line, "kind" | "studentName">): TemplateName =>
  (kind === "SESSION_CANCELLED" || kind === "SESSION_MOVED") && studentName === "" ? `${kind}_STAFF` : kind

/** What a template leaves open, by its name in each language. */
const variables = {
  academy: { ko: "학원명", en: "academy" },
  student: { ko: "학생명", en: "student" },
  member: { ko: "회원명", en: "member" },
  class: { ko: "수업명", en: "class" },
  day: { ko: "날짜", en: "day" },
  days: { ko: "기간", en: "days" },
  time: { ko: "시각", en: "time" },
  status: { ko: "출결", en: "attendance" },
  count: { ko: "횟수", en: "count" }
} as const
type Variable = keyof typeof variables
const variableNames: ReadonlyArray<Variable> = [
  "academy",
  "student",
  "member",
  "class",
  "day",
  "days",
  "time",
  "status",
  "count"
]

const heads = { ko: "[#{학원명}]", en: "[#{academy}]" } as const

const bodies: Readonly<Record<Locale, Readonly<Record<TemplateName, string>>>> = {
  ko: {
    CHECK_IN: "#{학생명} 학생이 #{시각} #{수업명} 수업에 출석했습니다.",
    LATE: "#{학생명} 학생이 #{시각} #{수업명} 수업에 지각 출석했습니다.",
    CORRECTED: "#{학생명} 학생의 #{수업명} 출결이 #{출결}(으)로 정정되었습니다.",
    MISSING: "#{학생명} 학생이 #{시각}에 시작한 #{수업명} 수업에 아직 오지 않았습니다.",
    ARRIVED: "#{학생명} 학생이 #{시각} #{수업명} 수업에 도착했습니다.",
    ROLL_UNMARKED: "#{시각}에 시작한 #{수업명} 수업의 출석부를 확인해 주세요. 미확인 #{횟수}명입니다.",
    SESSION_CANCELLED: "#{학생명} 학생의 #{날짜} #{시각} #{수업명} 수업이 취소되었습니다.",
    SESSION_CANCELLED_STAFF: "#{날짜} #{시각} #{수업명} 수업이 취소되었습니다.",
    SESSION_MOVED: "#{학생명} 학생의 #{수업명} 수업이 #{날짜} #{시각}(으)로 변경되었습니다.",
    SESSION_MOVED_STAFF: "#{수업명} 수업이 #{날짜} #{시각}(으)로 변경되었습니다.",
    LEAVE_REQUESTED: "#{학생명} 학생의 #{기간} 결석 신청을 확인해 주세요.",
    LEAVE_APPROVED: "#{학생명} 학생의 #{기간} 결석 신청이 승인되었습니다.",
    LEAVE_REJECTED: "#{학생명} 학생의 #{기간} 결석 신청이 반려되었습니다.",
    ABSENCES_REPEATED: "#{학생명} 학생이 #{수업명} 수업에 #{횟수}회 연속 결석했습니다.",
    TEACHER_WAITING: "#{회원명} 강사가 가입 승인을 기다리고 있습니다.",
    MEMBER_APPROVED: "#{회원명} 님의 가입이 승인되었습니다. 이제 로그인할 수 있습니다.",
    MEMBER_REJECTED: "#{회원명} 님의 가입이 승인되지 않았습니다. 학원에 문의해 주세요."
  },
  en: {
    CHECK_IN: "#{student} was checked in to #{class} at #{time}.",
    LATE: "#{student} came late to #{class}, at #{time}.",
    CORRECTED: "#{student}'s attendance at #{class} was corrected to #{attendance}.",
    MISSING: "#{student} has not come yet to #{class}, which began at #{time}.",
    ARRIVED: "#{student} has arrived at #{class}, at #{time}.",
    ROLL_UNMARKED: "Please mark the roll of #{class}, which began at #{time}: #{count} students wait.",
    SESSION_CANCELLED: "#{student}'s #{class} on #{day} at #{time} is cancelled.",
    SESSION_CANCELLED_STAFF: "#{class} on #{day} at #{time} is cancelled.",
    SESSION_MOVED: "#{student}'s #{class} was moved to #{day} at #{time}.",
    SESSION_MOVED_STAFF: "#{class} was moved to #{day} at #{time}.",
    LEAVE_REQUESTED: "Please decide about #{student}'s leave #{days}.",
    LEAVE_APPROVED: "#{student}'s leave #{days} was approved.",
    LEAVE_REJECTED: "#{student}'s leave #{days} was rejected.",
    ABSENCES_REPEATED: "#{student} has missed #{class} #{count} times in a row.",
    TEACHER_WAITING: "#{member} has signed up as a teacher and waits for your approval.",
    MEMBER_APPROVED: "#{member}, you have been approved and can log in now.",
    MEMBER_REJECTED: "#{member}, your sign-up was not approved. Please ask the academy."
  }
}

/** The whole text that KakaoTalk approves. */
export const template = (name: TemplateName, locale: Locale): string => `${heads[locale]}\n${bodies[locale][name]}`

/** What a template is called wherever it is spoken of, as `CHECK_IN/ko`. */
export const templateKey = (name: TemplateName, locale: Locale): string => `${name}/${locale}`

const monthAndDay = (day: LocalDate) => [Number(day.slice(5, 7)), Number(day.slice(8))] as const
const months = "January February March April May June July August September October November December".split(" ")
const weekdays = { MON: "월", TUE: "화", WED: "수", THU: "목", FRI: "금", SAT: "토", SUN: "일" } as const
const statuses: Readonly<Record<string, string>> = {
  PRESENT: "출석",
  LATE: "지각",
  ABSENT: "결석",
  EXCUSED: "인정 결석"
}

const dayIn = {
  ko: (day: LocalDate) => {
    const [month, date] = monthAndDay(day)
    return `${month}월 ${date}일(${weekdays[dayOfWeek(day)]})`
  },
  en: (day: LocalDate) => {
    const [month, date] = monthAndDay(day)
    return `${date} ${months[month - 1] ?? ""}`
  }
}
const daysIn = {
  ko: (from: string, until: string) => (from === until ? from : `${from}~${until}`),
  en: (from: string, until: string) => (from === until ? `on ${from}` : `from ${from} to ${until}`)
}

const valueOf = (variable: Variable, locale: Locale, academyName: string, line: Line): string => {
  switch (variable) {
    case "academy":
      return academyName
    case "student":
    case "member":
      return line.studentName
    case "class":
      return line.className
    case "day":
      return dayIn[locale](line.day)
    case "days":
      return daysIn[locale](dayIn[locale](line.day), dayIn[locale](line.until))
    case "time":
      return line.time
    case "status":
      return locale === "ko" ? statuses[line.status] ?? line.status : line.status.toLowerCase()
    case "count":
      return String(line.count)
  }
}

const marker = (variable: Variable, locale: Locale) => `#{${variables[variable][locale]}}`
const openIn = (text: string, locale: Locale) =>
  variableNames.filter((variable) => text.includes(marker(variable, locale)))

const fill = (text: string, values: Readonly<Record<string, string>>) =>
  text.replace(/#\{[^}]*\}/g, (name) => values[name] ?? name)

const valuesOf = (text: string, locale: Locale, academyName: string, line: Line) =>
  Object.fromEntries(
    openIn(text, locale).map((variable) => [marker(variable, locale), valueOf(variable, locale, academyName, line)])
  )

/** A message as any channel may need it. */
export interface Text {
  readonly academyName: string
  /** A line for each sibling. */
  readonly news: string
  /** The same below the academy's name, for whoever would not know who writes. */
  readonly body: string
  /** The same as an approved template; `null` where the lines are of several. What siblings do not share is listed. */
  readonly templated: {
    readonly key: string
    /** By their names as the template writes them, as in `#{학생명}`. */
    readonly variables: Readonly<Record<string, string>>
  } | null
}

/** The text of a message in the recipient's language. */
export const render = (locale: Locale, academyName: string, lines: ReadonlyArray<Line>): Text => {
  const names = new Set(lines.map(templateOf))
  const [name] = names
  const head = fill(heads[locale], { [marker("academy", locale)]: academyName })
  const news = lines.map((line) => {
    const text = bodies[locale][templateOf(line)]
    return fill(text, valuesOf(text, locale, academyName, line))
  }).join("\n")
  const templated = () => {
    if (name === undefined || names.size > 1) return null
    const text = template(name, locale)
    const each = lines.map((line) => valuesOf(text, locale, academyName, line))
    const values = openIn(text, locale).map((variable) => {
      const at = marker(variable, locale)
      return [at, [...new Set(each.map((values) => values[at] ?? ""))].join(", ")] as const
    })
    return { key: templateKey(name, locale), variables: Object.fromEntries(values) }
  }
  return { academyName, news, body: `${head}\n${news}`, templated: templated() }
}

/** With each variable as long as it may be. The lengths are those that `Academy`, `Member` and `Class` allow. */
const longestName = "가".repeat(100)
const longestLine: Line = {
  kind: "CHECK_IN",
  studentName: "가".repeat(60),
  className: "가".repeat(100),
  day: LocalDate.make("2026-12-30"),
  until: LocalDate.make("2026-12-31"),
  time: "00:00",
  status: "EXCUSED",
  count: 9999
}

/** What a template of this language may leave open, by its name there as in `#{학생명}`, each at its longest. */
export const longestValues = (locale: Locale): Readonly<Record<string, string>> =>
  Object.fromEntries(
    variableNames.map((variable) => [marker(variable, locale), valueOf(variable, locale, longestName, longestLine)])
  )
