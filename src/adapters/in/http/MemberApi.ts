import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Guardianship, GuardianshipEdit, NewGuardianship } from "../../../domain/Guardianship.ts"
import { GuardianshipId, MemberId } from "../../../domain/Ids.ts"
import { Member, MemberEdit, MemberStatus, NewMember, StudentProfile, TeacherProfile } from "../../../domain/Member.ts"
import { Role } from "../../../domain/Permission.ts"
import { MemberView } from "../../../domain/ReadModel.ts"
import { Auth } from "./Auth.ts"
import { ifMatch } from "./Conditional.ts"
import { Body, Created, Many, paging, Versioned } from "./Envelope.ts"
import { problems } from "./Problem.ts"

/** As long as a name may be, and nothing that is in none. */
const Typed = Schema.String.check(
  Schema.isPattern(/^(?=.*\S)[^\p{C}\ufffd]{1,60}$/u, { expected: "1 to 60 characters of a name" })
).pipe(Schema.decodeTo(Schema.Trim))

export class MemberApi extends HttpApiGroup.make("members").add(
  HttpApiEndpoint.post("create", "/", { payload: Body(NewMember), success: Created(Member), error: problems }),
  HttpApiEndpoint.get("list", "/", {
    query: {
      ...paging,
      role: Schema.optional(Role),
      status: Schema.optional(MemberStatus),
      /** Part of a name, as typed: Korean initial consonants and unfinished syllables too. */
      name: Schema.optional(Typed)
    },
    success: Many(MemberView),
    error: problems
  }),
  HttpApiEndpoint.get("show", "/:memberId", {
    params: { memberId: MemberId },
    success: Versioned(Member),
    error: problems
  }),
  HttpApiEndpoint.patch("edit", "/:memberId", {
    params: { memberId: MemberId },
    headers: ifMatch,
    payload: Body(MemberEdit),
    success: Versioned(Member),
    error: problems
  }),
  HttpApiEndpoint.put("changeRoles", "/:memberId/roles", {
    params: { memberId: MemberId },
    headers: ifMatch,
    payload: Body(
      Schema.Struct({
        roles: NewMember.fields.roles,
        studentProfile: Schema.optionalKey(StudentProfile),
        teacherProfile: Schema.optionalKey(TeacherProfile)
      })
    ),
    success: Versioned(Member),
    error: problems
  }),
  HttpApiEndpoint.post("approve", "/:memberId/approve", {
    params: { memberId: MemberId },
    success: Versioned(Member),
    error: problems
  }),
  HttpApiEndpoint.post("reject", "/:memberId/reject", {
    params: { memberId: MemberId },
    success: Versioned(Member),
    error: problems
  }),
  HttpApiEndpoint.post("deactivate", "/:memberId/deactivate", {
    params: { memberId: MemberId },
    success: Versioned(Member),
    error: problems
  }),
  HttpApiEndpoint.patch("changeGuardian", "/:studentId/guardians/:guardianshipId", {
    params: { studentId: MemberId, guardianshipId: GuardianshipId },
    headers: ifMatch,
    payload: Body(GuardianshipEdit),
    success: Versioned(Guardianship),
    error: problems
  }),
  HttpApiEndpoint.delete("unlinkGuardian", "/:studentId/guardians/:guardianshipId", {
    params: { studentId: MemberId, guardianshipId: GuardianshipId },
    headers: ifMatch,
    success: Versioned(Guardianship),
    error: problems
  }),
  HttpApiEndpoint.post("linkGuardian", "/:studentId/guardians", {
    params: { studentId: MemberId },
    payload: Body(NewGuardianship),
    success: Created(Guardianship),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/members") {}
