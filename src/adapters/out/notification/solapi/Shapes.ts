/**
 * What SOLAPI answers, as far as AMS reads it. Read leniently: numbers also as strings, null for what is not there, and
 * whatever else stands there.
 */
import { Option, Schema } from "effect"

const Text = Schema.Union([Schema.String, Schema.Finite])
const Amount = Schema.Union([Schema.Finite, Schema.FiniteFromString])

/** A decoder of JSON in text, and one of what was read from JSON. */
const fromText = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) =>
  Schema.decodeUnknownOption(Schema.fromJsonString(schema))

export const errorCodeOf = (text: string): string | null =>
  fromText(Schema.Struct({ errorCode: Schema.String }))(text).pipe(
    Option.map(({ errorCode }) => errorCode),
    Option.getOrNull
  )

export const groupCreated = fromText(Schema.Struct({ groupId: Schema.String }))

/** Sends nothing while it is PENDING. */
export const group = fromText(Schema.Struct({ status: Schema.String }))

/** The answer to a call of which it is enough that it was understood: any JSON object. */
export const done = fromText(Schema.Record(Schema.String, Schema.Unknown))

export interface MessageState {
  readonly messageId: string
  readonly statusCode: string
}

const Message = Schema.Struct({ messageId: Schema.optionalKey(Schema.NullOr(Text)), statusCode: Text })
const decodeMessage = Schema.decodeUnknownOption(Message)

/** `null` where it cannot be read. Without an id of its own it goes by `id`. */
const stateOf = (value: unknown, id: string): MessageState | null =>
  Option.getOrNull(
    Option.map(decodeMessage(value), ({ messageId, statusCode }) => ({
      messageId: String(messageId ?? id),
      statusCode: String(statusCode)
    }))
  )

const Added = Schema.Struct({ resultList: Schema.Array(Schema.Unknown) })
const decodeAdded = fromText(Added)

/** What became of the one message that was added to this group. */
export const added = (text: string, groupId: string): Option.Option<MessageState> =>
  Option.flatMap(decodeAdded(text), ({ resultList }) => Option.fromNullishOr(stateOf(resultList[0], groupId)))

const Listed = Schema.Struct({
  // Empty, it may be what an empty map is in other languages.
  messageList: Schema.NullOr(Schema.Union([Schema.Record(Schema.String, Schema.Unknown), Schema.Array(Schema.Unknown)]))
})
const decodeListed = fromText(Listed)

/** The one message of a group: `null` when there is none, none when that cannot be read. */
export const messageOf = (text: string): Option.Option<MessageState | null> =>
  Option.flatMap(decodeListed(text), ({ messageList }) => {
    const [first] = Object.entries(messageList ?? {})
    return first === undefined
      ? Option.some(null)
      : Option.fromNullishOr(stateOf(first[1], first[0]))
  })

export interface Balance {
  /** KRW. */
  readonly balance: number
  readonly point: number
}
export const balance: (text: string) => Option.Option<Balance> = fromText(
  Schema.Struct({ balance: Amount, point: Amount })
)

export interface Template {
  readonly name: string
  readonly content: string
  /** Only APPROVED ones go out. */
  readonly status: string
  /** With the marks around them, as in `#{학생명}`. */
  readonly variables: ReadonlyArray<string>
}

const decodeTemplate = fromText(Schema.Struct({
  name: Schema.String,
  content: Schema.String,
  status: Schema.String,
  variables: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Struct({ name: Schema.String }))))
}))
export const template = (text: string): Option.Option<Template> =>
  Option.map(decodeTemplate(text), ({ content, name, status, variables }) => ({
    name,
    content,
    status,
    variables: (variables ?? []).map(({ name }) => name)
  }))
