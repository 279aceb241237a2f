/** How the rows of the tables are asked for. */
import { Effect } from "effect"
import type { Role } from "../../../../src/domain/Permission.ts"
import { person } from "../../../support/academy.ts"
import { Ams, type House } from "../../../support/http.ts"

/** By the ids of their academy; the names are those of the paths' parameters. */
export type Things = Readonly<
  Record<
    | "classId"
    | "sessionId"
    | "attendanceId"
    | "enrollmentId"
    | "waitingId"
    | "leaveId"
    | "eventId"
    | "academyId"
    | "teacherId"
    | "studentId"
    | "parentId",
    string
  >
>

export interface Given {
  readonly a: House
  readonly b: House
  readonly own: Things
  /** Of another academy. */
  readonly far: Things
}

export interface Asked {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: string
  readonly body?: unknown
}

export const newcomer = (a: House, role: Role) =>
  Effect.flatMap(Ams, (ams) => ams.make("/api/v1/members", person(role), a.office))

export const now = <A>(value: A): Effect.Effect<A> => Effect.succeed(value)
