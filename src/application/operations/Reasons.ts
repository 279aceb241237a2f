/** Why a message stands where it does, in a sentence for whoever has to do something about it: the one table. */

export interface Sentence {
  readonly ko: string
  readonly en: string
}

const sentence = (ko: string, en: string): Sentence => ({ ko, en })

const exact = {
  "no-phone": sentence(
    "휴대폰 번호가 없고 앱도 등록되어 있지 않습니다. 회원 정보를 보완한 뒤 다시 보내 주세요.",
    "The person has neither a phone number nor a device: add one, then resend."
  ),
  "no-device": sentence(
    "앱이 설치된 기기가 더 이상 없습니다. 전화로 알려 주세요.",
    "The app is on no device of the person any more: call, or resend on another channel."
  ),
  "no-channel": sentence(
    "보낼 수 있는 발송 수단이 설정되어 있지 않습니다. 학원 또는 시스템의 발송 설정을 확인해 주세요.",
    "No channel that reaches the person is set up: see the channels of the academy, or tell whoever operates AMS."
  ),
  "too-late": sentence(
    "제때 보내지 못해 보내지 않았습니다. 아직 필요하면 다시 보내 주세요.",
    "It could not go out in time, so it did not: resend it if it still matters."
  ),
  "overtaken": sentence(
    "보내기 전에 내용이 더 이상 맞지 않게 되어 보내지 않았습니다. 할 일이 없습니다.",
    "It was no longer true when it was to go out: nothing has to be done."
  ),
  "never-told": sentence(
    "발송 중계사가 80시간 동안 결과를 알려 주지 않았습니다. 전달되었을 수도 있습니다. 중요하면 전화로 확인해 주세요.",
    "For 80 hours the provider has not told whether it went out. It may have: call if it matters."
  ),
  "may-not-be-told": sentence(
    "보내기 전에 이 학생의 소식을 받을 수 없는 분이 되어 보내지 않았습니다. 할 일이 없습니다.",
    "The person may not hear of this student any more, so it did not go out: nothing has to be done."
  ),
  "muted": sentence("받는 분이 이 알림을 꺼 두었습니다.", "The person does not want to hear of this kind."),
  "no-template": sentence(
    "승인된 알림톡 템플릿이 없어 이 수단으로 보내지 못했습니다.",
    "There is no approved template for it on this channel."
  ),
  "no-sender": sentence("등록된 발신 번호가 없습니다.", "No number is registered as the sender's."),
  "no-profile": sentence("등록된 카카오톡 채널이 없습니다.", "No KakaoTalk channel is registered."),
  "foreign-number": sentence(
    "해외 번호로는 이 수단으로 보낼 수 없습니다. 전화로 알려 주세요.",
    "This channel does not reach numbers abroad: call the person."
  ),
  "nothing-kept": sentence(
    "나가기 전에 중단되었습니다. 곧 다시 보냅니다.",
    "It was broken off before anything went out, and is tried again."
  ),
  "too-long": sentence("내용이 너무 깁니다.", "The text is longer than the channel takes."),
  "own-account-sealed": sentence(
    "학원의 발송 계정 정보를 열 수 없습니다. 시스템 운영자에게 알려 주세요.",
    "The academy's own account cannot be opened: tell whoever operates AMS."
  )
} satisfies Readonly<Record<string, Sentence>>

/** Those that are AMS's own; all others are what providers say. */
export const ownReasons: ReadonlyArray<string> = Object.keys(exact)
const own: ReadonlyMap<string, Sentence> = new Map(Object.entries(exact))

/** The first that a rule begins with. */
const prefixes: ReadonlyArray<readonly [string, (rest: string) => Sentence]> = [
  ["solapi-http-", (status) =>
    sentence(
      `문자·알림톡 중계사(SOLAPI)가 요청을 처리하지 못했습니다(HTTP ${status}).`,
      `SOLAPI, which carries KakaoTalk and SMS, answered with HTTP ${status}.`
    )],
  ["solapi-", (code) =>
    sentence(
      `문자·알림톡 중계사(SOLAPI)가 전달하지 못했습니다(${code}). 번호를 확인하거나 전화로 알려 주세요.`,
      `SOLAPI, which carries KakaoTalk and SMS, says ${code}: see that the number is right, or call the person.`
    )],
  ["fcm-", (code) =>
    sentence(
      `앱 푸시 중계사(FCM)가 전달하지 못했습니다(${code}). 다시 보내거나 전화로 알려 주세요.`,
      `FCM, which carries push messages, says ${code}: resend, or call the person.`
    )],
  ["sandbox", () => sentence("개발용 발송함에 담겼거나 담기지 못했습니다.", "It is about the inbox of development.")]
]

/** Total: of a rule that nobody knows it says as much as there is. */
export const sentenceOf = (rule: string): Sentence => {
  const known = own.get(rule)
  if (known !== undefined) return known
  const [prefix, make] = prefixes.find(([prefix]) => rule.startsWith(prefix)) ?? []
  return prefix === undefined || make === undefined
    ? sentence(`발송 중계사가 전달하지 못했습니다(${rule}).`, `The provider did not carry it (${rule}).`)
    : make(rule.slice(prefix.length))
}
