import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Guardianship, NewGuardianship } from "../../../domain/Guardianship.ts"
import { MemberId } from "../../../domain/Ids.ts"
import { Member, MemberStatus, NewMember } from "../../../domain/Member.ts"
import { Role } from "../../../domain/Permission.ts"
import { MemberView } from "../../../domain/ReadModel.ts"
import { Auth } from "./Auth.ts"
import { Body, Created, Many, paging } from "./Envelope.ts"
import { problems } from "./Problem.ts"

export class MemberApi extends HttpApiGroup.make("members").add(
  HttpApiEndpoint.post("create", "/", { payload: Body(NewMember), success: Created(Member), error: problems }),
  HttpApiEndpoint.get("list", "/", {
    query: { ...paging, role: Schema.optional(Role), status: Schema.optional(MemberStatus) },
    success: Many(MemberView),
    error: problems
  }),
  HttpApiEndpoint.post("linkGuardian", "/:studentId/guardians", {
    params: { studentId: MemberId },
    payload: Body(NewGuardianship),
    success: Created(Guardianship),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/members") {}
