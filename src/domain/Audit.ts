/** What people did that somebody may ask about later: who, to whom, when, from where, and why where a reason was given. */
import { Schema } from "effect"
import { Channel } from "./Attendance.ts"
import { AcademyId, AuditEntryId, MemberId } from "./Ids.ts"

/** What was done, in the words that operators look for. */
export const AuditAction = Schema.Literals([
  // About members: by the office, or by themselves.
  "member.create",
  "member.edit",
  "member.roles",
  "member.approve",
  "member.reject",
  "member.deactivate",
  "member.leave",
  "member.sign-up",
  "member.claim",
  "member.phone",
  "member.erase",
  // Many at once, from a file.
  "member.import",
  "enrollment.import",
  // Who may look and speak for a child, and who consented.
  "guardianship.link",
  "guardianship.change",
  "guardianship.unlink",
  // Logins; `reuse`: a refresh token was shown twice, so the login has ended.
  "login.open",
  "login.end",
  "login.reuse",
  "password.change",
  "password.reset",
  // What was done though a rule speaks against it, or to the academy's own channels.
  "enroll-without-guardian",
  "change-channel",
  // Operations.
  "notification.resend",
  "notification.test",
  "failed-event.replay",
  "failed-event.discard",
  "failed-event-run.start",
  "failed-event-run.abort",
  "handler.pause",
  "handler.resume"
])
export type AuditAction = typeof AuditAction.Type

/** One of them as it is read. */
export const AuditLine = Schema.Struct({
  id: AuditEntryId,
  at: Schema.DateTimeUtc,
  academyId: Schema.NullOr(AcademyId),
  /** `null`: whoever had the terminal, or the system itself. */
  actorId: Schema.NullOr(MemberId),
  actorName: Schema.NullOr(Schema.String),
  channel: Channel,
  action: AuditAction,
  /** What it was done to, as in `member/0199…`. */
  subject: Schema.String,
  reason: Schema.NullOr(Schema.String),
  /** Names of what changed, as in `name, phone`; of an import its figures. */
  detail: Schema.NullOr(Schema.String),
  address: Schema.NullOr(Schema.String),
  device: Schema.NullOr(Schema.String)
})
export type AuditLine = typeof AuditLine.Type
