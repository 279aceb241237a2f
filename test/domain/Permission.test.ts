import { describe, expect, it } from "@effect/vitest"
import { NotificationChannel } from "../../src/domain/Channel.ts"
import { eventTypes } from "../../src/domain/DomainEvent.ts"
import { type Actor, grantedBy, permissions, Role, seesWholeAcademy } from "../../src/domain/Permission.ts"
import { subscribersOf } from "../../src/domain/Subscription.ts"
import { academyId, teacherId } from "./given.ts"

const actor = (...roles: ReadonlyArray<Role>): Actor => ({ memberId: teacherId, academyId, roles, children: [] })

describe("permissions", () => {
  // Whoever changes who may do what changes it here as well.
  it("are these and no others", () => {
    expect(permissions).toEqual({
      "academy:create": ["ADMINISTRATOR"],
      "academy:read": ["STUDENT", "PARENT", "TEACHER", "MANAGER", "ADMINISTRATOR"],
      "member:create": ["MANAGER", "ADMINISTRATOR"],
      "member:create-manager": ["ADMINISTRATOR"],
      "member:show": ["MANAGER", "ADMINISTRATOR"],
      "member:change": ["MANAGER", "ADMINISTRATOR"],
      "member:change-manager": ["ADMINISTRATOR"],
      "audit:read": ["MANAGER", "ADMINISTRATOR"],
      "member:erase": ["MANAGER", "ADMINISTRATOR"],
      "member:decide": ["MANAGER", "ADMINISTRATOR"],
      "guardianship:change": ["MANAGER", "ADMINISTRATOR"],
      "member:read": ["TEACHER", "MANAGER", "ADMINISTRATOR"],
      "guardianship:create": ["MANAGER", "ADMINISTRATOR"],
      "academy:change": ["MANAGER", "ADMINISTRATOR"],
      "class:create": ["MANAGER", "ADMINISTRATOR"],
      "class:read": ["STUDENT", "PARENT", "TEACHER", "MANAGER", "ADMINISTRATOR"],
      "class:change": ["MANAGER", "ADMINISTRATOR"],
      "session:change": ["MANAGER", "ADMINISTRATOR"],
      "enrollment:change": ["MANAGER", "ADMINISTRATOR"],
      "waiting:change": ["MANAGER", "ADMINISTRATOR"],
      "leave:request": ["PARENT", "MANAGER", "ADMINISTRATOR"],
      "leave:decide": ["MANAGER", "ADMINISTRATOR"],
      "leave:read": ["STUDENT", "PARENT", "TEACHER", "MANAGER", "ADMINISTRATOR"],
      "enrollment:create": ["MANAGER", "ADMINISTRATOR"],
      "attendance:request": ["STUDENT"],
      "attendance:confirm": ["TEACHER", "MANAGER", "ADMINISTRATOR"],
      "attendance:correct": ["TEACHER", "MANAGER", "ADMINISTRATOR"],
      "attendance:read": ["STUDENT", "PARENT", "TEACHER", "MANAGER", "ADMINISTRATOR"],
      "statistics:read": ["TEACHER", "MANAGER", "ADMINISTRATOR"],
      "notification:own": ["STUDENT", "PARENT", "TEACHER", "MANAGER"],
      "channel:read": ["MANAGER", "ADMINISTRATOR"],
      "channel:change": ["MANAGER", "ADMINISTRATOR"],
      "register:export": ["TEACHER", "MANAGER", "ADMINISTRATOR"],
      "operations:read": ["MANAGER", "ADMINISTRATOR"],
      "operations:change": ["MANAGER", "ADMINISTRATOR"],
      "operations:system": ["ADMINISTRATOR"],
      "notification:read": ["MANAGER", "ADMINISTRATOR"],
      "notification:resend": ["MANAGER", "ADMINISTRATOR"]
    })
  })

  it("are granted by the first role that has them, and to nobody without one", () => {
    expect(grantedBy(actor("PARENT", "TEACHER", "MANAGER"), "attendance:confirm")).toBe("TEACHER")
    expect(grantedBy(actor("PARENT"), "attendance:confirm")).toBeUndefined()
    expect(grantedBy(actor(), "academy:read")).toBeUndefined()
  })

  it("only the office sees the whole academy", () => {
    expect(Role.literals.filter((role) => seesWholeAcademy(actor(role)))).toEqual(["MANAGER", "ADMINISTRATOR"])
    expect(seesWholeAcademy(actor("STUDENT", "MANAGER"))).toBe(true)
  })
})

describe("subscriptions", () => {
  it("bring every event to the read side", () => {
    expect(eventTypes.filter((type) => !subscribersOf(type).includes("ReadModelSync"))).toEqual([])
  })

  it("bring a planned message to the sender of its channel, and to no other", () => {
    expect(subscribersOf("MessagePlanned", NotificationChannel.make("SMS"))).toEqual([
      "ReadModelSync",
      "SendMessage:SMS"
    ])
  })
})
