/** One message as SOLAPI takes it in: what is refused with which code, and what a person would read. */
import { Schema } from "effect"

const Texts = Schema.Record(Schema.String, Schema.Unknown)
const optional = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** Only the shape; what stands in it is judged message by message. */
export const Given = Schema.Struct({
  to: Schema.String,
  from: optional(Schema.String),
  text: optional(Schema.String),
  type: optional(Schema.String),
  subject: optional(Schema.String),
  customFields: optional(Texts),
  kakaoOptions: optional(Schema.Struct({
    pfId: optional(Schema.String),
    templateId: optional(Schema.String),
    variables: optional(Texts),
    disableSms: optional(Schema.Boolean)
  }))
})
export type Given = typeof Given.Type

export interface Template {
  readonly templateId: string
  readonly name: string
  readonly content: string
  /** APPROVED by default. */
  readonly status?: string
}

/** What an account may use. */
export interface Allowed {
  /** Registered numbers, digits only. */
  readonly senders: ReadonlyArray<string>
  /** KakaoTalk channels. */
  readonly profiles: ReadonlyArray<string>
  readonly templates: ReadonlyMap<string, Template>
}

/** The words that go with a code. */
export const said: Readonly<Record<string, string>> = {
  1010: "필수 입력 값 미입력",
  1011: "Format Error",
  1013: "제목은 SMS에 사용할 수 없습니다.",
  1014: "제목은 40byte까지 사용 가능합니다.",
  1025: "잘못된 메시지 타입",
  1026: "중복 수신번호",
  1028: "Non Printable Characters는 사용할 수 없습니다.",
  1029: "EUC-KR 범위 안에 있는 문자만 사용 가능합니다.",
  1031: "SMS는 90byte, LMS는 2000byte, ATA는 1000자까지 사용 가능합니다.",
  1032: "유효한 커스텀 필드 값이 아닙니다.",
  1033: "kakaoOptions은 ATA에만 사용 가능합니다.",
  1041: "유효한 플러스 친구 값이 아닙니다.",
  1042: "유효한 템플릿 아이디가 아닙니다.",
  1043: "등록한 템플릿과 내용이 다릅니다.",
  1060: "차단된 수신번호",
  1062: "발신번호 미등록",
  2000: "정상 접수(이통사로 접수 예정) ",
  3000: "이통사로 접수(리포트를 기다리는 중)",
  3010: "수신번호 형식 오류",
  3014: "알 수 없는 메시지 상태",
  3103: "메시지와 템플릿 불일치",
  3104: "카카오톡 미사용자",
  3107: "알림톡을 받을 수 없는 사용자",
  4000: "수신 완료"
}

const euckr = new TextDecoder("euc-kr")
/**
 * Every letter that two bytes of EUC-KR can write; found backwards, for Node only reads this encoding. Without what CP949
 * adds to it, such as the syllable 뷁: SOLAPI's documents speak of 완성형, and what passes here shall pass there.
 */
const wide = new Set<string>()
for (let lead = 0xa1; lead <= 0xfe; lead++) {
  for (let trail = 0xa1; trail <= 0xfe; trail++) {
    const letter = euckr.decode(Uint8Array.of(lead, trail))
    if (letter.length === 1 && letter !== "\uFFFD") wide.add(letter)
  }
}

/** Bytes of a text at a carrier: 1 for ASCII, 2 for the rest of EUC-KR; `undefined` when a letter has none. */
export const bytesAtCarrier = (text: string): number | undefined => {
  let bytes = 0
  for (const letter of text) {
    if ((letter.codePointAt(0) ?? 0) < 0x80) bytes += 1
    else if (wide.has(letter)) bytes += 2
    else return undefined
  }
  return bytes
}

const digits = /^\d{8,12}$/
const limits: Readonly<Record<string, number>> = { SMS: 90, LMS: 2_000 }
const unprintable = (text: string) => [...text].some((letter) => letter < " " && letter !== "\n" && letter !== "\r")

const textRefusal = ({ kakaoOptions, subject, text, type }: Given): string | undefined => {
  if (text === undefined || text === null || text === "") return "1010"
  if (kakaoOptions !== undefined && kakaoOptions !== null) return "1033"
  if (unprintable(text)) return "1028"
  const bytes = bytesAtCarrier(text)
  const subjectBytes = bytesAtCarrier(subject ?? "")
  if (bytes === undefined || subjectBytes === undefined) return "1029"
  if (subjectBytes > 0 && type === "SMS") return "1013"
  if (subjectBytes > 40) return "1014"
  return bytes > (limits[type ?? ""] ?? 0) ? "1031" : undefined
}

/** The names of a template's variables, as in `#{학생명}`. */
export const variablesOf = (content: string) => [...new Set(content.match(/#\{[^}]*\}/g) ?? [])]

const talkRefusal = ({ kakaoOptions, text }: Given, { profiles, templates }: Allowed): string | undefined => {
  if (kakaoOptions === undefined || kakaoOptions === null) return "1010"
  const { disableSms, pfId, templateId, variables } = kakaoOptions
  if (!profiles.includes(pfId ?? "")) return "1041"
  const template = templates.get(templateId ?? "")
  if (template === undefined || (template.status ?? "APPROVED") !== "APPROVED") return "1042"
  if (typeof text === "string") return "1043"
  // SOLAPI would send an SMS on its own where KakaoTalk fails; AMS does that, and both of them would tell people twice.
  if (disableSms !== true) return "1011"
  const names = variablesOf(template.content)
  const given = Object.entries(variables ?? {})
  const same = names.length === given.length &&
    given.every(([name, value]) => names.includes(name) && typeof value === "string")
  if (!same) return "1043"
  return readable({ kakaoOptions, to: "" }, templates).length > 1_000 ? "1031" : undefined
}

/** The code with which a message is refused when it comes in; `undefined` when it is taken. */
export const refusal = (given: Given, allowed: Allowed): string | undefined => {
  const { customFields, from, to, type } = given
  if (to === "" || (from ?? "") === "") return "1010"
  if (!digits.test(to) || !digits.test(from ?? "")) return "1011"
  if (type !== "SMS" && type !== "LMS" && type !== "ATA") return "1025"
  const fits = Object.entries(customFields ?? {}).every(([name, value]) =>
    name.length <= 30 && typeof value === "string" && value.length <= 100
  )
  if (!fits) return "1032"
  if (!allowed.senders.includes(from ?? "")) return "1062"
  return type === "ATA" ? talkRefusal(given, allowed) : textRefusal(given)
}

/** What the person reads. */
export const readable = ({ kakaoOptions, text }: Given, templates: Allowed["templates"]): string => {
  const template = templates.get(kakaoOptions?.templateId ?? "")
  if (template === undefined) return text ?? ""
  return template.content.replace(/#\{[^}]*\}/g, (name) => String(kakaoOptions?.variables?.[name] ?? name))
}
