import { DateTime, Effect, Layer, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { Audits } from "../../../application/operations/Audits.ts"
import { AuditAction, type AuditLine } from "../../../domain/Audit.ts"
import { type AcademyId, MemberId } from "../../../domain/Ids.ts"
import { Instant } from "../../../domain/LocalTime.ts"
import { academy, atTerminal, limit } from "./Operating.ts"
import { answer, instant, table } from "./Output.ts"

const given = <K extends string, A>(key: K, value: Option.Option<A>) =>
  Option.match(value, { onNone: () => ({}), onSome: (one) => ({ [key]: one }) })

const asAnswer = (line: AuditLine) => ({ ...line, at: DateTime.formatIso(line.at) })
const who = ({ actorName, channel }: AuditLine) => actorName ?? (channel === "CLI" ? "(terminal)" : "(system)")

const listed = Effect.fnUntraced(function*(input: {
  readonly academy: Option.Option<AcademyId>
  readonly actor: Option.Option<MemberId>
  readonly subject: Option.Option<string>
  readonly action: Option.Option<AuditAction>
  readonly from: Option.Option<DateTime.Utc>
  readonly before: Option.Option<DateTime.Utc>
  readonly limit: number
}) {
  const found = yield* (yield* Audits).list({
    limit: input.limit,
    ...given("academyId", input.academy),
    ...given("actorId", input.actor),
    ...given("subject", input.subject),
    ...given("action", input.action),
    ...given("from", input.from),
    ...given("before", input.before)
  })
  yield* answer(found.map(asAnswer), () =>
    found.length === 0 ? "There are none." : [
      table(found, [
        { title: "AT", value: ({ at }) => instant(DateTime.toDateUtc(at)) },
        { title: "WHO", value: who, width: 20 },
        { title: "DID", value: ({ action }) => action },
        { title: "TO", value: ({ subject }) => subject },
        { title: "WHAT, WHY", value: ({ detail, reason }) => detail ?? reason ?? "", width: 30 },
        { title: "FROM", value: ({ address }) => address ?? "" }
      ]),
      ...(found.length === input.limit ? [`The newest ${input.limit}; there may be more (--limit, --before).`] : [])
    ].join("\n"))
})

/** `ams audit` */
export const audit = <E, R>(needs: Layer.Layer<Audits, E, R>) =>
  Command.make("audit", {
    academy,
    actor: Flag.String("actor").pipe(
      Flag.withDescription("Only what the member with this id did"),
      Flag.withSchema(MemberId),
      Flag.optional
    ),
    subject: Flag.String("subject").pipe(
      Flag.withDescription("Only what was done to this, as it stands under TO"),
      Flag.optional
    ),
    action: Flag.Literals("action", AuditAction.literals).pipe(Flag.withDescription("Only this"), Flag.optional),
    from: Flag.String("from").pipe(
      Flag.withDescription("Only from this instant on, as in 2026-03-02T00:00:00+09:00"),
      Flag.withSchema(Instant),
      Flag.optional
    ),
    before: Flag.String("before").pipe(
      Flag.withDescription("Only what was done before this instant"),
      Flag.withSchema(Instant),
      Flag.optional
    ),
    limit: limit(100)
  }, listed).pipe(
    Command.withDescription("Who did what, to whom, when and from where; the newest first"),
    Command.provide(Layer.merge(needs, atTerminal))
  )
