/**
 * Who may do what: one table. Tenant (academy) and ownership (self, own child, own class) are checked besides it, by
 * the use case that knows the object; see `application/Authorize.ts`.
 */
import { Schema } from "effect"
import type { AcademyId, LoginSessionId, MemberId } from "./Ids.ts"

export const Role = Schema.Literals(["STUDENT", "PARENT", "TEACHER", "MANAGER", "ADMINISTRATOR"])
export type Role = typeof Role.Type

const everyone: ReadonlyArray<Role> = ["STUDENT", "PARENT", "TEACHER", "MANAGER", "ADMINISTRATOR"]
const staff: ReadonlyArray<Role> = ["TEACHER", "MANAGER", "ADMINISTRATOR"]
const office: ReadonlyArray<Role> = ["MANAGER", "ADMINISTRATOR"]

export const permissions = {
  "academy:create": ["ADMINISTRATOR"],
  "academy:read": everyone,
  /** Settings and time zone, holidays, classrooms. */
  "academy:change": office,
  "member:create": office,
  "member:create-manager": ["ADMINISTRATOR"],
  "member:read": staff,
  /** Everything about one, with birth date and login id. */
  "member:show": office,
  "member:change": office,
  "member:change-manager": ["ADMINISTRATOR"],
  /** Who did what. */
  "audit:read": office,
  /** Of who has left. */
  "member:erase": office,
  /** Yes or no to a teacher who signed up. */
  "member:decide": office,
  "guardianship:create": office,
  "guardianship:change": office,
  "class:create": office,
  "class:change": office,
  "class:read": everyone,
  /** Single sessions: cancelled, moved, added. */
  "session:change": office,
  "enrollment:create": office,
  "enrollment:change": office,
  /** The order of those who wait for a seat. */
  "waiting:change": office,
  "leave:request": ["PARENT", "MANAGER", "ADMINISTRATOR"],
  "leave:decide": office,
  "leave:read": everyone,
  "attendance:request": ["STUDENT"],
  "attendance:confirm": staff,
  "attendance:correct": staff,
  "attendance:read": everyone,
  "statistics:read": staff,
  /** Own wishes, devices, and what one was told oneself. */
  "notification:own": ["STUDENT", "PARENT", "TEACHER", "MANAGER"],
  /** How the academy appears on its channels, and with which texts. */
  "channel:read": office,
  "channel:change": office,
  /** Registers and months as files. */
  "register:export": staff,
  "operations:read": office,
  "operations:change": office,
  /** What is the same for every academy: handlers, processes. */
  "operations:system": ["ADMINISTRATOR"],
  /** Who was told what, and who was not reached. */
  "notification:read": office,
  "notification:resend": office
} as const satisfies Record<string, ReadonlyArray<Role>>

export type Permission = keyof typeof permissions

/** A member as the rules see one: who asks, from where, with which roles, for whom. */
export interface Actor {
  readonly memberId: MemberId
  /** `null` for an administrator who has not named an academy. */
  readonly academyId: AcademyId | null
  readonly roles: ReadonlyArray<Role>
  /** Students for whom a PARENT may look and speak. */
  readonly children: ReadonlyArray<MemberId>
  /** On which login this comes; absent where nobody logged in, as at a terminal. */
  readonly session?: LoginSessionId
}

/** The first of the actor's roles that grants the permission, if one does. */
export const grantedBy = (actor: Actor, permission: Permission): Role | undefined => {
  const roles: ReadonlyArray<Role> = permissions[permission]
  return actor.roles.find((role) => roles.includes(role))
}

/** True for roles that see all of their academy, not only what is theirs. */
export const seesWholeAcademy = (actor: Actor): boolean => actor.roles.some((role) => office.includes(role))
