/** The part of `asked` about members and guardians. */
import { Effect } from "effect"
import { Ams, type House } from "../../../support/http.ts"
import { type Asked, type Given, newcomer, now } from "./asking.ts"

const about = (member: Effect.Effect<string, never, Ams>, body?: unknown) =>
  Effect.map(member, (memberId): Asked => ({ params: { memberId }, ...(body === undefined ? {} : { body }) }))

/** A teacher who signed up. */
const waits = Effect.fnUntraced(function*(a: House) {
  const { sql } = yield* Ams
  const id = yield* newcomer(a, "TEACHER")
  yield* sql(`update member set status = 'PENDING' where id = '${id}'`)
  return id
})

/** A new student with a parent. */
const linked = Effect.fnUntraced(function*(a: House) {
  const ams = yield* Ams
  const studentId = yield* newcomer(a, "STUDENT")
  const parentId = yield* newcomer(a, "PARENT")
  const path = `/api/v1/members/${studentId}/guardians`
  return { studentId, guardianshipId: yield* ams.make(path, { parentId, relationship: "FATHER" }, a.office) }
})

export const askedMembers: Readonly<Record<string, (given: Given) => Effect.Effect<Asked, never, Ams>>> = {
  "members.show own": ({ own }) => now({ params: { memberId: own.studentId } }),
  "members.show B's": ({ far }) => now({ params: { memberId: far.studentId } }),
  "members.edit own": ({ a }) => about(newcomer(a, "STUDENT"), { name: "n" }),
  "members.edit B's": ({ far }) => now({ params: { memberId: far.studentId }, body: { name: "n" } }),
  "members.edit a manager": ({ a }) => about(newcomer(a, "MANAGER"), { name: "n" }),
  "members.changeRoles own": ({ a }) => about(newcomer(a, "PARENT"), { roles: ["PARENT"] }),
  "members.changeRoles B's": ({ far }) => now({ params: { memberId: far.parentId }, body: { roles: ["PARENT"] } }),
  "members.changeRoles to a manager": ({ a }) => about(newcomer(a, "PARENT"), { roles: ["PARENT", "MANAGER"] }),
  "members.approve own": ({ a }) => about(waits(a)),
  "members.approve B's": ({ far }) => now({ params: { memberId: far.teacherId } }),
  "members.reject own": ({ a }) => about(waits(a)),
  "members.reject B's": ({ far }) => now({ params: { memberId: far.teacherId } }),
  "members.deactivate own": ({ a }) => about(newcomer(a, "STUDENT")),
  "members.deactivate B's": ({ far }) => now({ params: { memberId: far.studentId } }),
  "members.deactivate a manager": ({ a }) => about(newcomer(a, "MANAGER")),
  "members.changeGuardian own": ({ a }) => Effect.map(linked(a), (params) => ({ params, body: { primary: true } })),
  "members.changeGuardian B's": ({ b, far }) =>
    Effect.map(linked(b), ({ guardianshipId }) => ({
      params: { studentId: far.studentId, guardianshipId },
      body: { primary: true }
    })),
  "members.unlinkGuardian own": ({ a }) => Effect.map(linked(a), (params) => ({ params })),
  "members.unlinkGuardian B's": ({ b, far }) =>
    Effect.map(linked(b), ({ guardianshipId }) => ({ params: { studentId: far.studentId, guardianshipId } }))
}
