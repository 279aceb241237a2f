/** Logins without passwords, each of which would cost 70 ms: of every member one, with the member's own id. */
import { LoginSessionId, type MemberId } from "../../src/domain/Ids.ts"

/** For tokens of a day of tests; a statement that may be run again for newcomers. */
export const everybodyLogsIn = `insert into login_session (id, member_id, created_at, last_used_at, expires_at)
  select id, id, now(), now(), now() + interval '14 days' from member on conflict do nothing`

export const loginOf = (memberId: MemberId): LoginSessionId => LoginSessionId.make(memberId)
