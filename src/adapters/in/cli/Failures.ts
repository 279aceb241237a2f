/** Condition → the line that an operator reads: the one table, total over what commands may fail with. */
import { Match } from "effect"
import type { RunNotRunning } from "../../../application/operations/FailedEventRuns.ts"
import type { FailedEventNotOpen } from "../../../application/operations/FailedEvents.ts"
import type { HandlerAlreadyPaused, HandlerNotPaused } from "../../../application/operations/Handlers.ts"
import type { ChannelTakesNoNumbers } from "../../../application/operations/TestMessage.ts"
import type { AcademyNotNamed, NotAllowed, NotFound } from "../../../domain/Errors.ts"
import type { MemberIncomplete, MemberNot } from "../../../domain/Member.ts"
import type { PasswordRefused } from "../../../domain/PasswordRules.ts"
import type { MayNotBeTold, MessageUnderWay } from "../../../domain/Resend.ts"
import type { HandlerFailure } from "../../../ports/EventHandler.ts"
import type { TooManyLogins } from "../../../ports/Passwords.ts"
import type { ReadSideUnavailable } from "../../../ports/ReadModels.ts"
import type { Refusal, StorageUnavailable } from "../../../ports/UnitOfWork.ts"
import { Failed } from "./Output.ts"

export type Condition =
  | AcademyNotNamed
  | ChannelTakesNoNumbers
  | FailedEventNotOpen
  | HandlerAlreadyPaused
  | HandlerFailure
  | HandlerNotPaused
  | MayNotBeTold
  | MemberIncomplete
  | MemberNot
  | MessageUnderWay
  | NotAllowed
  | NotFound
  | PasswordRefused
  | ReadSideUnavailable
  | Refusal
  | RunNotRunning
  | StorageUnavailable
  | TooManyLogins

const refusedPasswords = {
  COMMON: "many people have this password, whoever guesses begins with it: choose another one",
  LOGIN_ID: "the password holds the login id: choose another one",
  HAD_BEFORE: "it was the password not long ago: choose another one"
}

/** A use case's refusal as the CLI tells it. */
export const explain = (condition: Condition): Failed =>
  new Failed({
    message: Match.valueTags(condition, {
      AcademyNotNamed: () => "name the academy: --academy",
      AlreadyGuardian: () => "this guardian is linked already",
      ChangedMeanwhile: () => "somebody else changed it at the same moment: look at it, and try again",
      ChannelTakesNoNumbers: ({ channel, others }) =>
        `${channel} takes no message to a number; ${others.join(" and ")} do`,
      ClassroomNameTaken: () => "the academy has a classroom of this name",
      FailedEventNotOpen: ({ id, status }) =>
        `failed event ${id} is ${status}: only an OPEN one can be replayed or discarded`,
      HandlerAlreadyPaused: ({ handler }) => `${handler} is paused already: see ams handlers list`,
      HandlerFailure: ({ message, rule }) => `${message} (${rule})`,
      HandlerNotPaused: ({ handler }) => `${handler} is not paused`,
      LoginIdTaken: () => "this login id is taken: choose another one",
      MayNotBeTold: () => "the recipient may not be told of it any more: custody, or no longer of the academy",
      MemberIncomplete: ({ field, message }) => `${field}: ${message}`,
      MemberNot: ({ current }) => `the member is ${current}: only who has left (INACTIVE) is forgotten`,
      MessageUnderWay: ({ id, status }) =>
        `message ${id} is ${status}: another one now would tell the same twice; see ams notifications show ${id}`,
      NotAllowed: ({ permission }) => `not allowed (${permission})`,
      NotFound: ({ id, what }) => `there is no ${what} ${id}`,
      PasswordRefused: ({ why }) => refusedPasswords[why],
      PhoneTaken: () => "somebody has this phone number already",
      ReadSideUnavailable: ({ rule }) =>
        `the read side does not answer as it should (${rule}): see that its database runs (MONGODB_URL, else PostgreSQL)`,
      RegistrationNumberTaken: () => "an academy has this registration number already",
      RunNotRunning: ({ id, status }) => `run ${id} is ${status}: only a RUNNING one can be aborted`,
      StorageUnavailable: () => "the database stopped answering: see that PostgreSQL runs, and try again",
      TooManyLogins: () => "too many passwords are being checked at once: try again"
    })
  })
