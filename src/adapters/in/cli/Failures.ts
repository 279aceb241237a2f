/** Condition → the line that an operator reads: the one table, total over what commands may fail with. */
import { Match } from "effect"
import type { RunNotRunning } from "../../../application/operations/FailedEventRuns.ts"
import type { FailedEventNotOpen } from "../../../application/operations/FailedEvents.ts"
import type { HandlerAlreadyPaused, HandlerNotPaused } from "../../../application/operations/Handlers.ts"
import type { NotAllowed, NotFound } from "../../../domain/Errors.ts"
import type { MemberIncomplete } from "../../../domain/Member.ts"
import type { TooManyLogins } from "../../../ports/Passwords.ts"
import type { ReadSideUnavailable } from "../../../ports/ReadModels.ts"
import type { Refusal, StorageUnavailable } from "../../../ports/UnitOfWork.ts"
import { Failed } from "./Output.ts"

export type Condition =
  | FailedEventNotOpen
  | HandlerAlreadyPaused
  | HandlerNotPaused
  | MemberIncomplete
  | NotAllowed
  | NotFound
  | ReadSideUnavailable
  | Refusal
  | RunNotRunning
  | StorageUnavailable
  | TooManyLogins

/** A use case's refusal as the CLI tells it. */
export const explain = (condition: Condition): Failed =>
  new Failed({
    message: Match.valueTags(condition, {
      AlreadyGuardian: () => "this guardian is linked already",
      ChangedMeanwhile: () => "somebody else changed it at the same moment: look at it, and try again",
      ClassroomNameTaken: () => "the academy has a classroom of this name",
      FailedEventNotOpen: ({ id, status }) =>
        `failed event ${id} is ${status}: only an OPEN one can be replayed or discarded`,
      HandlerAlreadyPaused: ({ handler }) => `${handler} is paused already: see ams handlers list`,
      HandlerNotPaused: ({ handler }) => `${handler} is not paused`,
      LoginIdTaken: () => "this login id is taken: choose another one",
      MemberIncomplete: ({ field, message }) => `${field}: ${message}`,
      NotAllowed: ({ permission }) => `not allowed (${permission})`,
      NotFound: ({ id, what }) => `there is no ${what} ${id}`,
      PhoneTaken: () => "somebody has this phone number already",
      ReadSideUnavailable: ({ rule }) =>
        `the read side does not answer as it should (${rule}): see that its database runs (MONGODB_URL, else PostgreSQL)`,
      RegistrationNumberTaken: () => "an academy has this registration number already",
      RunNotRunning: ({ id, status }) => `run ${id} is ${status}: only a RUNNING one can be aborted`,
      StorageUnavailable: () => "the database stopped answering: see that PostgreSQL runs, and try again",
      TooManyLogins: () => "too many passwords are being checked at once: try again"
    })
  })
