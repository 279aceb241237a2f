/** Many failed events at once: what would happen, the question, the run and its progress, and Ctrl-C. */
import { Duration, Effect, Schedule, Stdio, Terminal } from "effect"
import { Prompt } from "effect/cli"
import { isDead } from "../../../application/events/Late.ts"
import { FailedEventRuns, type RunRequest } from "../../../application/operations/FailedEventRuns.ts"
import { FailedEvents } from "../../../application/operations/FailedEvents.ts"
import type { FailedEventRunId } from "../../../domain/Ids.ts"
import { DeliveryStore } from "../../../ports/DeliveryStore.ts"
import type { FailedEventRun } from "../../../ports/FailedEventStore.ts"
import { doing, many, previewText, ran } from "./FailedEventTexts.ts"
import { answer, Failed, Misused, progress } from "./Output.ts"

const lookEvery = Duration.millis(300)

/** Is there a process that would do it now? */
export const someoneRuns = Effect.gen(function*() {
  const deliveries = yield* DeliveryStore
  return (yield* deliveries.nodes).some((node) => !isDead(node))
})

/** Asks before what cannot be undone or is much. */
export const confirm = Effect.fnUntraced(function*(yes: boolean, what: string, question: string) {
  if (yes) return
  const { stdinIsTerminal } = yield* Stdio.Stdio
  if (!(yield* stdinIsTerminal)) {
    return yield* new Misused({ message: `nobody can be asked without a terminal: add --yes to ${what}` })
  }
  if (!(yield* Prompt.Confirm({ message: question }))) return yield* new Failed({ message: "nothing was changed" })
})

const say = Effect.fnUntraced(function*(text: string) {
  const terminal = yield* Terminal.Terminal
  yield* Effect.ignore(terminal.display(text))
})

/** Shows how far the run is until it ends. */
const follow = Effect.fnUntraced(function*({ action, id }: FailedEventRun) {
  const runs = yield* FailedEventRuns
  const terminal = yield* Terminal.Terminal
  const { stderrIsTerminal } = yield* Stdio.Stdio
  const show = progress((text) => Effect.ignore(terminal.display(text)), yield* stderrIsTerminal)
  const look = Effect.tap(runs.show(id), (run) => show(doing[action], run.done + run.skipped, run.total))
  return yield* Effect.repeat(look, {
    until: ({ status }) => status !== "RUNNING",
    schedule: Schedule.spaced(lookEvery)
  })
})

/** Whoever pressed Ctrl-C wants an end of it, and to know what was done. */
const abandon = Effect.fnUntraced(
  function*(id: FailedEventRunId) {
    const runs = yield* FailedEventRuns
    const run = yield* runs.abort(id).pipe(Effect.catchTag("RunNotRunning", () => runs.show(id)))
    yield* say(
      run.status === "ABORTED"
        ? `\nams: aborted: ${ran(run)}; the rest is as it was\n`
        : `\nams: it had ended already: ${ran(run)}\n`
    )
  },
  (effect, id) =>
    Effect.catch(
      effect,
      () => say(`\nams: the run goes on, it could not be aborted: ams failed-events runs abort ${id}\n`)
    )
)

/** From the run's beginning to its end, nothing in between at which it would be forgotten. */
const startAndFollow = (request: RunRequest) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const runs = yield* FailedEventRuns
      const run = yield* runs.start(request)
      if (run.status !== "RUNNING") return run
      return yield* restore(Effect.gen(function*() {
        yield* say(`ams: run ${run.id}: ${many(run.total)}, ${run.rate} a second; Ctrl-C aborts it\n`)
        return yield* follow(run)
      })).pipe(Effect.onInterrupt(() => abandon(run.id)))
    })
  )

/** Says what would happen; or asks, does it and shows the progress; or leaves it to the processes that run. */
export const changeMany = Effect.fnUntraced(function*(
  request: RunRequest,
  options: { readonly dryRun: boolean; readonly yes: boolean; readonly detach: boolean }
) {
  const failedEvents = yield* FailedEvents
  const runs = yield* FailedEventRuns
  const { action } = request
  const preview = yield* failedEvents.preview(request.filter)
  const found = previewText(action, preview)
  if (options.dryRun) return yield* answer(preview, () => found)
  if (preview.open > 0) {
    const [what, question] = action === "DISCARD"
      ? ["discard them", "Discard them for good?"] as const
      : ["replay them", "Replay them?"] as const
    yield* confirm(options.yes, what, `${found}. ${question}`)
  }
  const watched = yield* someoneRuns
  if (options.detach || !watched) {
    const run = yield* runs.start(request)
    return yield* answer(run, () =>
      run.total === 0 ? found : [
        `Run ${run.id}: ${many(run.total)}, ${run.rate} a second`,
        watched ? "" : ", as soon as an AMS runs: none does now",
        `. See ams failed-events runs show ${run.id}`
      ].join(""))
  }
  const run = yield* startAndFollow(request)
  if (run.status === "ABORTED") return yield* new Failed({ message: `somebody aborted run ${run.id}: ${ran(run)}` })
  yield* answer(run, () => (run.total === 0 ? found : `${ran(run)}.`))
})
