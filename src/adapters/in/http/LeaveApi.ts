import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { LeaveId, MemberId } from "../../../domain/Ids.ts"
import { Answer, Leave, LeaveStatus, NewLeave } from "../../../domain/Leave.ts"
import { Auth } from "./Auth.ts"
import { Body, Created, cursorOf, Many, paging, Versioned } from "./Envelope.ts"
import { problems } from "./Problem.ts"

const LeaveView = Schema.Struct({ ...Leave.fields, studentName: Schema.String })
const params = { leaveId: LeaveId }

export class LeaveApi extends HttpApiGroup.make("leaves").add(
  HttpApiEndpoint.post("request", "/", { payload: Body(NewLeave), success: Created(Leave), error: problems }),
  HttpApiEndpoint.post("approve", "/:leaveId/approve", {
    params,
    payload: Body(Answer),
    success: Versioned(Leave),
    error: problems
  }),
  HttpApiEndpoint.post("reject", "/:leaveId/reject", {
    params,
    payload: Body(Answer),
    success: Versioned(Leave),
    error: problems
  }),
  HttpApiEndpoint.get("list", "/", {
    query: {
      limit: paging.limit,
      cursor: cursorOf(LeaveId),
      status: Schema.optional(LeaveStatus),
      studentId: Schema.optional(MemberId)
    },
    success: Many(LeaveView),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/leaves") {}
