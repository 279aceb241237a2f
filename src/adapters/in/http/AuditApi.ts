import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { AuditAction, AuditLine } from "../../../domain/Audit.ts"
import { AuditEntryId, MemberId } from "../../../domain/Ids.ts"
import { Instant } from "../../../domain/LocalTime.ts"
import { Auth } from "./Auth.ts"
import { cursorOf, Many, paging } from "./Envelope.ts"
import { problems } from "./Problem.ts"

/** Who did what, to whom, when, from where; the newest first. */
export class AuditApi extends HttpApiGroup.make("audit").add(
  HttpApiEndpoint.get("list", "/", {
    query: {
      limit: paging.limit,
      cursor: cursorOf(AuditEntryId),
      actorId: Schema.optionalKey(MemberId),
      /** As it stands in an entry, as in `member/0199…`. */
      subject: Schema.optionalKey(
        Schema.String.check(
          Schema.isPattern(/^[a-z_]{1,40}\/[\w/:.-]{1,160}$/u, { expected: "the subject of an entry" })
        )
      ),
      action: Schema.optionalKey(AuditAction),
      /** From here on, and before. */
      from: Schema.optionalKey(Instant),
      before: Schema.optionalKey(Instant)
    },
    success: Many(AuditLine),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/audit") {}
