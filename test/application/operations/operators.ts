/** Operators of every sort, for the tests of what each may do. */
import { Effect } from "effect"
import { CurrentActor } from "../../../src/application/Authorize.ts"
import { CurrentOperator } from "../../../src/application/operations/Operator.ts"
import { AcademyId, MemberId } from "../../../src/domain/Ids.ts"
import type { Role } from "../../../src/domain/Permission.ts"

const id = (n: number) => `01998c5e-0000-7000-8000-${String(n).padStart(12, "0")}`
export const ours = AcademyId.make(id(1))
export const theirs = AcademyId.make(id(2))
export const me = MemberId.make(id(3))

/** A member of this role, at this academy or (null) having named none. */
const as = (role: Role, academyId: AcademyId | null) =>
  Effect.runSync(
    Effect.provideService(CurrentOperator.asMember, CurrentActor, {
      memberId: me,
      academyId,
      roles: [role],
      children: []
    })
  )

export const operators = {
  terminal: CurrentOperator.atTerminal,
  administrator: as("ADMINISTRATOR", null),
  administratorHere: as("ADMINISTRATOR", ours),
  manager: as("MANAGER", ours),
  managerOfNone: as("MANAGER", null),
  teacher: as("TEACHER", ours)
} as const
export type OperatorName = keyof typeof operators

/** What such an operator gets. */
export const by = (name: OperatorName) => Effect.provideService(CurrentOperator, operators[name])
