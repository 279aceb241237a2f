import { DateTime, Effect, Layer, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { Absences } from "../../../application/operations/Absences.ts"
import { AbsenceState } from "../../../domain/Absence.ts"
import { AcademyId, SessionId } from "../../../domain/Ids.ts"
import { LocalDate } from "../../../domain/LocalTime.ts"
import type { AbsenceInFull } from "../../../ports/AbsenceRepository.ts"
import { academy, atTerminal, limit } from "./Operating.ts"
import { answer, instant, table } from "./Output.ts"

const asAnswer = (absence: AbsenceInFull) => ({ ...absence, decidedAt: DateTime.formatIso(absence.decidedAt) })

const listed = Effect.fnUntraced(function*(input: {
  readonly academy: Option.Option<AcademyId>
  readonly session: Option.Option<SessionId>
  readonly date: Option.Option<LocalDate>
  readonly state: Option.Option<AbsenceState>
  readonly limit: number
}) {
  const absences = yield* Absences
  const found = yield* absences.list({
    academyId: Option.getOrNull(input.academy),
    limit: input.limit,
    ...(Option.isSome(input.session) ? { sessionId: input.session.value } : {}),
    ...(Option.isSome(input.date) ? { date: input.date.value } : {}),
    ...(Option.isSome(input.state) ? { state: input.state.value } : {})
  })
  yield* answer(found.map(asAnswer), () =>
    found.length === 0 ? "There are none." : [
      table(found, [
        { title: "DAY", value: ({ date }) => date },
        { title: "CLASS", value: ({ className }) => className, width: 30 },
        { title: "STUDENT", value: ({ studentName }) => studentName, width: 30 },
        { title: "DECISION", value: ({ state }) => state },
        { title: "REASON", value: ({ reason }) => reason },
        { title: "DECIDED AT", value: ({ decidedAt }) => instant(DateTime.toDateUtc(decidedAt)) },
        { title: "SESSION", value: ({ sessionId }) => sessionId }
      ]),
      ...(found.length === input.limit ? [`The newest ${input.limit}; there may be more (--limit).`] : [])
    ].join("\n"))
})

/** `ams absences` */
export const absences = <E, R>(needs: Layer.Layer<Absences, E, R>) =>
  Command.make("absences", {
    academy,
    session: Flag.String("session").pipe(
      Flag.withDescription("Only those of the session with this id"),
      Flag.withSchema(SessionId),
      Flag.optional
    ),
    date: Flag.String("date").pipe(
      Flag.withDescription("Only those of this day, as in 2026-03-02"),
      Flag.withSchema(LocalDate),
      Flag.optional
    ),
    state: Flag.Literals("state", AbsenceState.literals).pipe(
      Flag.withDescription("Only those decided so"),
      Flag.optional
    ),
    limit: limit(100)
  }, listed).pipe(
    Command.withDescription("Students who were not there, and what was decided about each"),
    Command.provide(Layer.merge(needs, atTerminal))
  )
