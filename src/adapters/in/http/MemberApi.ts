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

/** As long as a name may be, and nothing that is in none. */
const Typed = Schema.Trim.check(
  Schema.isPattern(/^[^\p{C}\ufffd]{1,60}$/u, { expected: "1 to 60 characters of a name" })
)

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
  HttpApiEndpoint.post("linkGuardian", "/:studentId/guardians", {
    params: { studentId: MemberId },
    payload: Body(NewGuardianship),
    success: Created(Guardianship),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/members") {}
