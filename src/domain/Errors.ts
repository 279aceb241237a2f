/**
 * Refusals that several domains share. Each error is named by the condition; its HTTP status and its texts stand in
 * `adapters/in/http/Problems.ts` only.
 */
import { Data } from "effect"
import type { Permission } from "./Permission.ts"

/** The thing does not exist, or belongs to another academy: the same answer for both. */
export class NotFound extends Data.TaggedError("NotFound")<{ readonly what: string; readonly id: string }> {}

/** The actor's roles, or ownership, do not allow it. */
export class NotAllowed extends Data.TaggedError("NotAllowed")<{ readonly permission: Permission }> {}

/** An administrator belongs to no academy: the call must name one. */
export class AcademyNotNamed extends Data.TaggedError("AcademyNotNamed")<{}> {}

/** Something else changed the record between reading and writing, again and again. */
export class ChangedMeanwhile extends Data.TaggedError("ChangedMeanwhile")<{}> {}
