import { AcademyId, MessageId } from "../../../../../src/domain/Ids.ts"
import type { InboxMessage } from "../../../../../src/ports/Inbox.ts"

/** A message of the sandbox's. */
export const message = (
  { id = "01960000-0000-7000-8000-000000000001", ...given }: Partial<Omit<InboxMessage, "id">> & {
    readonly id?: string
  }
): InboxMessage => ({
  id: MessageId.make(id),
  academyId: AcademyId.make("01960000-0000-7000-8000-00000000000a"),
  channel: "KAKAO_TALK",
  recipient: "+821020000101",
  name: "김영희",
  body: "[한빛학원]\n출석했습니다.",
  at: new Date("2026-11-27T06:00:00Z"),
  ...given
})
