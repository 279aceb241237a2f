import { Schema, SchemaGetter } from "effect"

/** A number in E.164: of a mobile, as in `+821012345678`, or of a landline, as in `+82212345678`. */
export const PhoneNumber = Schema.String.check(
  Schema.isPattern(/^\+[1-9]\d{7,14}$/u, { expected: "a phone number such as +821012345678 or 010-1234-5678" })
).pipe(Schema.brand("PhoneNumber"))
export type PhoneNumber = typeof PhoneNumber.Type

/** Korean numbers as people write them (010-1234-5678, +82 010-1234-5678) become E.164; others pass as they are. */
export const normalize = (text: string): string =>
  text.replace(/[\s().-]/g, "").replace(/^(?:\+82)?0(\d{8,10})$/, "+82$1")

/** What a person types into a form. */
export const PhoneNumberInput = Schema.String.annotate({ examples: ["010-1234-5678", "+821012345678"] }).check(
  Schema.isMaxLength(24)
).pipe(
  Schema.decodeTo(PhoneNumber, { decode: SchemaGetter.transform(normalize), encode: SchemaGetter.transform(String) })
)

/** The only form in which a number may reach a log, a span or an alert, four digits or more hidden: `010****5678`. */
export const mask = (phone: string): string => {
  const national = phone.startsWith("+82") ? `0${phone.slice(3)}` : phone
  return `${national.slice(0, 3)}****${national.slice(Math.max(7, national.length - 4))}`
}
