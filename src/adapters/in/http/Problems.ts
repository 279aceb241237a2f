/** Condition → status, code and texts: the one table. It is total over what use cases may fail with. */
import { DateTime, Effect } from "effect"
import { HttpEffect, type HttpServerRequest, HttpServerResponse } from "effect/http"
import type { RunNotRunning } from "../../../application/operations/FailedEventRuns.ts"
import type { FailedEventNotOpen } from "../../../application/operations/FailedEvents.ts"
import type { HandlerAlreadyPaused, HandlerNotPaused } from "../../../application/operations/Handlers.ts"
import type { TooManyStreams } from "../../../application/queries/Live.ts"
import type { ChildNotNamed } from "../../../application/queries/Ownership.ts"
import type { HolidayPast } from "../../../domain/Academy.ts"
import type { NoCredentialsKey } from "../../../domain/AcademyChannel.ts"
import type { InvalidTransition, NotEnrolled, OutsideCheckIn, SessionNotOpen } from "../../../domain/Attendance.ts"
import type { ClassInSession, InvalidSchedule, NotATeacher, SeatsTaken } from "../../../domain/Class.ts"
import type { ClassroomNameTaken, NoSuchClassroom } from "../../../domain/Classroom.ts"
import type {
  AlreadyEnrolled,
  AlreadyWaiting,
  ClassFull,
  ClassNotActive,
  EnrollmentNotActive,
  InvalidRange,
  NoGuardian,
  NotAStudent
} from "../../../domain/Enrollment.ts"
import type { AcademyNotNamed, NotAllowed, NotFound } from "../../../domain/Errors.ts"
import type { NotStudentAndParent } from "../../../domain/Guardianship.ts"
import type { ImportRefused } from "../../../domain/Import.ts"
import type { InvalidLeave, LeaveNotRequested, LeaveOverlaps } from "../../../domain/Leave.ts"
import type { MemberIncomplete } from "../../../domain/Member.ts"
import type { CannotBeMuted, NoSuchChannel } from "../../../domain/NotificationPreference.ts"
import type { MayNotBeTold, MessageUnderWay } from "../../../domain/Resend.ts"
import type { OutsidePlanning, SessionAttended, SessionOver } from "../../../domain/SessionChange.ts"
import type { InvalidPeriod } from "../../../domain/Statistics.ts"
import type { ScheduleConflict } from "../../../domain/Timetable.ts"
import type { Stale } from "../../../domain/Version.ts"
import type { Busy, TookTooLong } from "../../../ports/CpuPool.ts"
import type { KeyUsedOtherwise } from "../../../ports/Idempotency.ts"
import type { ReadSideUnavailable } from "../../../ports/ReadModels.ts"
import type { InvalidToken } from "../../../ports/Tokens.ts"
import type { Refusal, StorageUnavailable } from "../../../ports/UnitOfWork.ts"
import { type AccessCondition, accessProblems } from "./AccessProblems.ts"
import { channelProblems } from "./ChannelProblems.ts"
import type { PreconditionMissing } from "./Conditional.ts"
import { conventionProblems } from "./ConventionProblems.ts"
import { importProblems } from "./ImportProblems.ts"
import { body, type Described, plain, type Problem, type ProblemStatus } from "./Problem.ts"
import { queryProblems } from "./QueryProblems.ts"
import { resendProblems } from "./ResendProblems.ts"

export type Condition =
  | AcademyNotNamed
  | AccessCondition
  | AlreadyEnrolled
  | Busy
  | AlreadyWaiting
  | ChildNotNamed
  | ClassFull
  | ClassInSession
  | ClassNotActive
  | ClassroomNameTaken
  | EnrollmentNotActive
  | FailedEventNotOpen
  | HandlerAlreadyPaused
  | HandlerNotPaused
  | HolidayPast
  | ImportRefused
  | InvalidLeave
  | InvalidPeriod
  | InvalidRange
  | InvalidSchedule
  | InvalidToken
  | InvalidTransition
  | KeyUsedOtherwise
  | LeaveNotRequested
  | LeaveOverlaps
  | MayNotBeTold
  | MemberIncomplete
  | MessageUnderWay
  | NoGuardian
  | NotAStudent
  | NoSuchClassroom
  | NotATeacher
  | NotAllowed
  | NotEnrolled
  | NotFound
  | NotStudentAndParent
  | OutsideCheckIn
  | OutsidePlanning
  | PreconditionMissing
  | ReadSideUnavailable
  | Refusal
  | RunNotRunning
  | ScheduleConflict
  | SeatsTaken
  | SessionAttended
  | SessionNotOpen
  | SessionOver
  | Stale
  | StorageUnavailable
  | TookTooLong
  | TooManyStreams
  | CannotBeMuted
  | NoSuchChannel
  | NoCredentialsKey

type Table = {
  readonly [Tag in Condition["_tag"]]: (
    condition: Extract<Condition, { readonly _tag: Tag }>
  ) => Described<ProblemStatus>
}

const table: Table = {
  ...accessProblems,
  ...resendProblems,
  ...queryProblems,
  ...channelProblems,
  ...conventionProblems,
  ...importProblems,
  AcademyNotNamed: plain(
    400,
    "COMMON_ACADEMY_NOT_NAMED",
    "관리자는 X-AMS-Academy 헤더로 학원을 지정해야 합니다.",
    "An administrator names the academy in the header X-AMS-Academy."
  ),
  AlreadyEnrolled: plain(
    409,
    "ENROLLMENT_DUPLICATE",
    "이미 이 기간에 수강 중인 학생입니다.",
    "The student is already enrolled for these days."
  ),
  AlreadyGuardian: plain(
    409,
    "GUARDIANSHIP_DUPLICATE",
    "이미 등록된 보호자입니다.",
    "This parent is already linked to the student."
  ),
  Busy: plain(
    503,
    "COMMON_BUSY",
    "요청이 몰리고 있습니다. 잠시 후 다시 시도해 주세요.",
    "Too much of this is asked for at once; try again in a moment."
  ),
  AlreadyWaiting: plain(
    409,
    "WAITING_DUPLICATE",
    "이미 대기 중인 학생입니다.",
    "The student waits for a seat already."
  ),
  ClassFull: ({ capacity, day }) => ({
    status: 409,
    code: "CLASS_FULL",
    ko: `${day}에 정원(${capacity}명)이 찼습니다.`,
    en: `All ${capacity} seats are taken on ${day}.`
  }),
  ClassInSession: ({ endsAt }) => ({
    status: 409,
    code: "CLASS_IN_SESSION",
    ko: "수업이 진행 중입니다. 끝난 뒤에 종료해 주세요.",
    en: `A session is being held until ${DateTime.formatIso(endsAt)}; close the class after that.`
  }),
  ClassNotActive: plain(409, "CLASS_NOT_ACTIVE", "운영 중인 반이 아닙니다.", "The class is not active."),
  ClassroomNameTaken: plain(
    409,
    "CLASSROOM_DUPLICATE",
    "같은 이름의 강의실이 있습니다.",
    "The academy has a classroom of this name."
  ),
  EnrollmentNotActive: ({ current }) => ({
    status: 409,
    code: "ENROLLMENT_NOT_ACTIVE",
    ko: `수강 중이 아닙니다(${current}).`,
    en: `It is ${current}: only an ACTIVE enrollment can be cancelled.`,
    currentState: current,
    requestedState: "CANCELLED"
  }),
  FailedEventNotOpen: ({ requested, status }) => ({
    status: 409,
    code: "FAILED_EVENT_NOT_OPEN",
    ko: `OPEN 상태가 아닙니다(${status}).`,
    en: `It is ${status}: only an OPEN one can be replayed or discarded.`,
    currentState: status,
    requestedState: requested
  }),
  HandlerAlreadyPaused: plain(
    409,
    "HANDLER_ALREADY_PAUSED",
    "이미 일시 중지된 처리기입니다.",
    "The handler is paused already."
  ),
  HandlerNotPaused: plain(409, "HANDLER_NOT_PAUSED", "일시 중지된 처리기가 아닙니다.", "The handler is not paused."),
  HolidayPast: ({ today }) => ({
    status: 422,
    code: "ACADEMY_HOLIDAY_PAST",
    ko: "지난 날짜는 휴원일로 바꿀 수 없습니다.",
    en: `Holidays can be changed from today (${today}) on.`
  }),
  InvalidLeave: ({ message }) => ({
    status: 422,
    code: "LEAVE_INVALID",
    ko: "결석 신청 기간이 올바르지 않습니다. 지난 7일부터 최대 366일까지 신청할 수 있습니다.",
    en: `These cannot be days of leave: ${message}.`
  }),
  InvalidRange: plain(
    422,
    "ENROLLMENT_INVALID_RANGE",
    "수강 기간이 반 또는 수강의 기간을 벗어났습니다.",
    "The days lie outside of the class's own, or the last day behind the enrollment's."
  ),
  InvalidSchedule: ({ message }) => ({
    status: 422,
    code: "CLASS_INVALID_SCHEDULE",
    ko: "시간표가 올바르지 않습니다.",
    en: `Not a schedule: ${message}.`
  }),
  InvalidToken: plain(
    401,
    "AUTH_TOKEN_INVALID",
    "다시 로그인해 주세요.",
    "Log in: the access token is missing, expired or not valid."
  ),
  InvalidTransition: ({ current, requested }) => ({
    status: 409,
    code: "ATTENDANCE_INVALID_TRANSITION",
    ko: `출결 상태를 ${current}에서 ${requested}(으)로 바꿀 수 없습니다.`,
    en: `Attendance cannot go from ${current} to ${requested} this way.`,
    currentState: current,
    requestedState: requested
  }),
  LeaveNotRequested: ({ current, requested }) => ({
    status: 409,
    code: "LEAVE_NOT_REQUESTED",
    ko: `이미 처리된 신청입니다(${current}).`,
    en: `It is ${current}: only a REQUESTED leave can be decided.`,
    currentState: current,
    requestedState: requested
  }),
  LeaveOverlaps: ({ from, status, until }) => ({
    status: 409,
    code: "LEAVE_OVERLAPS",
    ko: `${from}부터 ${until}까지의 신청(${status})과 겹칩니다.`,
    en: `The student's leave from ${from} to ${until} (${status}) is about some of these days.`
  }),
  LoginIdTaken: plain(409, "MEMBER_LOGIN_ID_TAKEN", "이미 사용 중인 아이디입니다.", "This login id is taken."),
  MemberIncomplete: ({ field, message }) => ({
    status: 422,
    code: "MEMBER_INCOMPLETE",
    ko: "회원 정보가 부족합니다.",
    en: `The member cannot be made: ${message}.`,
    errors: [{ pointer: `/body/${field}`, code: "REQUIRED", message }]
  }),
  NoGuardian: plain(
    409,
    "ENROLLMENT_NO_GUARDIAN",
    "연락받을 보호자가 없는 학생입니다. 보호자를 등록하거나 withoutGuardian과 reason을 보내 주세요.",
    "Nobody may be told of the student: link a guardian, or send withoutGuardian with a reason."
  ),
  NotAStudent: plain(
    422,
    "ENROLLMENT_NOT_A_STUDENT",
    "학생 회원만 수강할 수 있습니다.",
    "Only an active student can be enrolled."
  ),
  NoSuchClassroom: plain(
    422,
    "CLASS_NO_SUCH_CLASSROOM",
    "이 학원의 강의실이 아닙니다.",
    "The academy has no such classroom."
  ),
  NotATeacher: plain(
    422,
    "CLASS_NOT_A_TEACHER",
    "담당자는 이 학원의 강사여야 합니다.",
    "The teacher must be an active teacher of this academy."
  ),
  NotAllowed: plain(403, "COMMON_NOT_ALLOWED", "권한이 없습니다.", "You may not do this."),
  NotEnrolled: plain(
    409,
    "ATTENDANCE_NOT_ENROLLED",
    "이 수업의 수강생이 아닙니다.",
    "The student is not enrolled in this class on that day."
  ),
  NotFound: ({ what }) => ({
    status: 404,
    code: `${what.toUpperCase().replaceAll(" ", "_")}_NOT_FOUND`,
    ko: "찾을 수 없습니다.",
    en: `There is no such ${what}.`
  }),
  NotStudentAndParent: plain(
    422,
    "GUARDIANSHIP_ROLES",
    "학생과 학부모만 연결할 수 있습니다.",
    "A guardianship links a student with a parent."
  ),
  OutsideCheckIn: ({ closesAt, opensAt }) => ({
    status: 409,
    code: "ATTENDANCE_OUTSIDE_CHECK_IN",
    ko: "출석할 수 있는 시간이 아닙니다.",
    en: `Check-in is open from ${DateTime.formatIso(opensAt)} to ${DateTime.formatIso(closesAt)}.`
  }),
  OutsidePlanning: ({ from, until }) => ({
    status: 422,
    code: "SESSION_OUTSIDE_PLANNING",
    ko: `수업은 앞으로의 시각으로 ${from}부터 ${until}까지 잡을 수 있습니다.`,
    en: `A session is placed at a time to come, from ${from} to ${until}, and starts and ends at different times.`
  }),
  PhoneTaken: plain(
    409,
    "MEMBER_DUPLICATE",
    "이미 등록된 전화번호입니다.",
    "A member of this academy has this phone number."
  ),
  RegistrationNumberTaken: plain(
    409,
    "ACADEMY_DUPLICATE",
    "이미 등록된 사업자등록번호입니다.",
    "An academy with this registration number exists."
  ),
  RunNotRunning: ({ status }) => ({
    status: 409,
    code: "RUN_NOT_RUNNING",
    ko: `진행 중이 아닙니다(${status}).`,
    en: `The run is ${status}: only a RUNNING one can be aborted.`,
    currentState: status,
    requestedState: "ABORTED"
  }),
  ScheduleConflict: ({ className, endsAt, sessionId, shared, startsAt }) => {
    const from = DateTime.formatIso(startsAt)
    const until = DateTime.formatIso(endsAt)
    return {
      status: 409,
      code: `SCHEDULE_CONFLICT_${shared}`,
      ko: `${sharedKo[shared]} "${className}" 수업(${from} ~ ${until}, ${sessionId ?? "매주"})과 겹칩니다.`,
      en: `The ${shared.toLowerCase()} is at "${className}" from ${from} to ${until} (${
        sessionId === null ? "and every week" : `session ${sessionId}`
      }).`
    }
  },
  SeatsTaken: ({ capacity, day }) => ({
    status: 409,
    code: "CLASS_SEATS_TAKEN",
    ko: `${day}에 ${capacity}명보다 많은 학생이 수강합니다.`,
    en: `On ${day} more than ${capacity} students are enrolled.`
  }),
  SessionAttended: plain(
    409,
    "SESSION_ATTENDED",
    "이미 시작했거나 출석한 학생이 있는 수업입니다.",
    "The session has begun, or somebody has checked in."
  ),
  SessionNotOpen: plain(
    409,
    "SESSION_NOT_OPEN",
    "취소되었거나 종료된 수업입니다.",
    "The session is cancelled or its class is not active; or it is closed, and then the office enters what is missing."
  ),
  SessionOver: ({ status }) => ({
    status: 409,
    code: "SESSION_OVER",
    ko: "끝났거나 취소된 수업입니다.",
    en: "The session is over, closed or cancelled.",
    currentState: status
  }),
  TookTooLong: plain(
    503,
    "COMMON_TOOK_TOO_LONG",
    "작업이 30초 안에 끝나지 않아 중단했습니다. 잠시 후 다시 시도해 주세요.",
    "It was not done within 30 s and was stopped; try again when less is going on."
  )
}

const sharedKo = { TEACHER: "강사가", CLASSROOM: "강의실이", STUDENT: "학생이" } as const

const describe = <C extends Condition>(condition: C): Described<ProblemStatus> => {
  // The table has an entry for each tag that takes just that condition; the compiler cannot pair them up by itself.
  const entry = table[condition._tag] as (condition: C) => Described<ProblemStatus>
  return entry(condition)
}

/** What a condition is called where the answer has begun already, as in a stream. */
export const bodyOf = (condition: Condition) => body(describe(condition))

const problem = (condition: Condition): Effect.Effect<never, Problem, HttpServerRequest.HttpServerRequest> => {
  const described = describe(condition)
  const { headers } = described
  const made = Effect.flatMap(body(described), (made) => Effect.fail(made as Problem)) // status and members are the table's
  return headers === undefined ? made : Effect.andThen(
    HttpEffect.appendPreResponseHandler((_, response) =>
      Effect.succeed(HttpServerResponse.setHeaders(response, headers))
    ),
    made
  )
}

/** Turns what a use case fails with into what the API declares. */
export const asProblem = <A, R>(
  effect: Effect.Effect<A, Condition, R>
): Effect.Effect<A, Problem, R | HttpServerRequest.HttpServerRequest> => Effect.catch(effect, problem)
