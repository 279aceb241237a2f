/** Why a wish about channels, or a change of one, is refused: the part of the table in `Problems.ts` about them. */
import type { CannotBeMuted, NoSuchChannel } from "../../../domain/NotificationPreference.ts"
import { type Described, plain } from "./Problem.ts"

export const channelProblems = {
  CannotBeMuted: ({ kind }: CannotBeMuted): Described<422> => ({
    status: 422,
    code: "NOTIFICATION_CANNOT_BE_MUTED",
    ko: "미등원 알림과 도착 알림은 끌 수 없습니다.",
    en: `${kind} cannot be muted: that a child is missing, and that it has arrived, is always told.`,
    errors: [{ pointer: "/body/muted", code: "CANNOT_BE_MUTED", message: `${kind} is always told` }]
  }),
  NoCredentialsKey: plain(
    409,
    "CHANNEL_NO_CREDENTIALS_KEY",
    "이 서버는 학원의 계정을 보관할 수 없습니다. 운영자가 CREDENTIALS_KEY를 설정해야 합니다.",
    "This system keeps no accounts of academies until its operator sets CREDENTIALS_KEY."
  ),
  NoSuchChannel: ({ channel, known }: NoSuchChannel): Described<422> => ({
    status: 422,
    code: "NOTIFICATION_NO_SUCH_CHANNEL",
    ko: `없는 알림 채널입니다(${channel}).`,
    en: `There is no channel ${channel}.`,
    errors: [{ pointer: "/body/channels", code: "UNKNOWN", message: `one of ${known.join(", ")}` }]
  })
}
