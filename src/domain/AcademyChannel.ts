/**
 * How an academy appears on a channel: as the system does, but for what it has of its own. Its account with the provider
 * is sealed and nobody reads it again; its templates are those that the provider approved for it.
 */
import { Data, Schema } from "effect"
import { NotificationChannel } from "./Channel.ts"
import type { EventFact } from "./DomainEvent.ts"
import type { AcademyId } from "./Ids.ts"
import { PhoneNumber, PhoneNumberInput } from "./PhoneNumber.ts"
import { ownTemplates } from "./Templates.ts"

/** A text to hand in for review, word by word, and what it leaves open. */
export const ReviewText = Schema.Struct({
  /** As in `CHECK_IN/ko`. */
  template: Schema.String,
  locale: Schema.Literals(["ko", "en"]),
  text: Schema.String,
  /** As the text writes them, as in `#{학생명}`. */
  variables: Schema.Array(Schema.String)
})

export const reviewTexts: ReadonlyArray<typeof ReviewText.Type> = ownTemplates.map(({ key, locale, text }) => ({
  template: key,
  locale,
  text,
  variables: [...new Set(text.match(/#\{[^}]*\}/g))]
}))
const templates: ReadonlySet<string> = new Set(reviewTexts.map(({ template }) => template))

const Printable = Schema.String.check(
  Schema.isPattern(/^[\x21-\x7e]{1,200}$/u, { expected: "1 to 200 letters, digits and signs without blanks" })
)

/** An account with the provider. */
const Credentials = Schema.Struct({
  apiKey: Schema.RedactedFromValue(Printable),
  apiSecret: Schema.RedactedFromValue(Printable)
})

/** What is left out stays as it is; `null` takes the academy's own away, so that the system's stands there again. */
export const ChannelChange = Schema.Struct({
  /** Off: nothing goes out on this channel, another one is taken. */
  enabled: Schema.optionalKey(Schema.Boolean),
  /** The number in the place of the sender's, registered with the provider. */
  sender: Schema.optionalKey(Schema.NullOr(PhoneNumberInput)),
  /** The KakaoTalk channel. */
  profile: Schema.optionalKey(Schema.NullOr(Printable)),
  credentials: Schema.optionalKey(Schema.NullOr(Credentials)),
  /** The provider's id of each, by names as `CHECK_IN/ko`; one that is set is used again, should it have been off. */
  templates: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.NullOr(Printable)).check(
      Schema.makeFilter((given) =>
        Object.keys(given).filter((name) => !templates.has(name)).map((name) => ({
          path: [name],
          issue: "Expected the name of a template such as CHECK_IN/ko"
        })), { toJsonSchema: () => ({ propertyNames: { enum: [...templates] } }) })
    )
  )
}).check(Schema.makeFilter((change: object) => Object.keys(change).length > 0 || "something to change", {
  toJsonSchema: () => ({ minProperties: 1 })
}))
export type ChannelChange = typeof ChannelChange.Type

const Template = Schema.Struct({
  /** `null`: the system's. */
  providerId: Schema.NullOr(Schema.String),
  /** The provider has another text under it, so it is not used. */
  offSince: Schema.NullOr(Schema.DateTimeUtc),
  offReason: Schema.NullOr(Schema.String)
})

export const AcademyChannel = Schema.Struct({
  channel: NotificationChannel,
  enabled: Schema.Boolean,
  sender: Schema.NullOr(PhoneNumber),
  profile: Schema.NullOr(Schema.String),
  /** Messages go out over the academy's own account with the provider. */
  ownAccount: Schema.Boolean,
  /** By names as `CHECK_IN/ko`. */
  templates: Schema.Record(Schema.String, Template),
  /** 0 as long as nobody has changed anything. */
  version: Schema.Int
})
export type AcademyChannel = typeof AcademyChannel.Type

/** `carried`: the system carries this channel at all; otherwise nothing goes out on it. */
export const ChannelView = Schema.Struct({ ...AcademyChannel.fields, carried: Schema.Boolean })
export type ChannelView = typeof ChannelView.Type

/** An account was given, and nothing is set that could seal it. */
export class NoCredentialsKey extends Data.TaggedError("NoCredentialsKey")<{}> {}

type Templates = AcademyChannel["templates"]

const withTemplates = (before: Templates, given: NonNullable<ChannelChange["templates"]>): Templates => {
  const after = { ...before }
  for (const [name, providerId] of Object.entries(given)) {
    const off = before[name]
    if (providerId !== null) after[name] = { providerId, offSince: null, offReason: null }
    else if (off !== undefined && off.offSince !== null) after[name] = { ...off, providerId }
    else delete after[name]
  }
  return after
}

const or = (value: string | null) => value ?? "the system's"

/** In words, for those who ask later; an account is named, never told. */
const inWords = ({ credentials, enabled, profile, sender, templates }: ChannelChange): string =>
  [
    ...(enabled === undefined ? [] : [enabled ? "on" : "off"]),
    ...(sender === undefined ? [] : [`sender ${or(sender)}`]),
    ...(profile === undefined ? [] : [`profile ${or(profile)}`]),
    ...(credentials === undefined ? [] : [`account ${or(credentials === null ? null : "of its own")}`]),
    ...Object.entries(templates ?? {}).map(([name, id]) => `template ${name} ${or(id)}`)
  ].join(", ")

export const change = (
  before: AcademyChannel,
  to: ChannelChange,
  academy: { readonly id: AcademyId; readonly version: number }
): {
  readonly channel: AcademyChannel
  readonly event: EventFact
  readonly audit: { readonly action: "change-channel"; readonly subject: string; readonly reason: string }
} => ({
  channel: {
    channel: before.channel,
    enabled: to.enabled ?? before.enabled,
    sender: to.sender === undefined ? before.sender : to.sender,
    profile: to.profile === undefined ? before.profile : to.profile,
    ownAccount: to.credentials === undefined ? before.ownAccount : to.credentials !== null,
    templates: withTemplates(before.templates, to.templates ?? {}),
    version: before.version + 1
  },
  event: {
    type: "AcademyUpdated",
    aggregate: { type: "academy", id: academy.id, version: academy.version },
    payload: {}
  },
  audit: { action: "change-channel", subject: `academy_channel/${before.channel}`, reason: inWords(to) }
})
