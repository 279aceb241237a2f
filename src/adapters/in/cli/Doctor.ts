import { Effect, type Layer } from "effect"
import { Command } from "effect/cli"
import { examine } from "../../../application/operations/Doctor.ts"
import type { DeliveryStore } from "../../../ports/DeliveryStore.ts"
import type { Diagnosis } from "../../../ports/Diagnosis.ts"
import type { FailedEventStore } from "../../../ports/FailedEventStore.ts"
import type { JobStore } from "../../../ports/JobStore.ts"
import type { PausedHandlers } from "../../../ports/PausedHandlers.ts"
import type { ProviderAccount } from "../../../ports/ProviderAccount.ts"
import type { ReadModels } from "../../../ports/ReadModels.ts"
import type { ReadModelSource } from "../../../ports/ReadModelSource.ts"
import type { TemplateStates } from "../../../ports/TemplateStates.ts"
import { Installation, lack } from "./Installation.ts"
import { answer, Failed, table } from "./Output.ts"

const handle = Effect.fnUntraced(function*() {
  const { setup } = yield* Installation
  const findings = yield* examine(setup, yield* lack)
  const problems = findings.filter(({ state }) => state === "problem").length
  yield* answer({ ok: problems === 0, findings }, () =>
    table(findings, [
      { title: "CHECK", value: ({ check }) => check },
      { title: "STATE", value: ({ state }) => state },
      { title: "FOUND", value: ({ detail }) => detail },
      { title: "WHAT TO DO", value: ({ remedy }) => remedy ?? "" }
    ]))
  if (problems === 0) return
  return yield* new Failed({
    message: `${problems} ${problems === 1 ? "problem" : "problems"} among ${findings.length} findings`
  })
})

/** `ams doctor`: exit code 1 when there is a problem; a warning alone is none. */
export const doctor = <E, R>(
  needs: Layer.Layer<
    | DeliveryStore
    | Diagnosis
    | FailedEventStore
    | Installation
    | JobStore
    | PausedHandlers
    | ProviderAccount
    | ReadModels
    | ReadModelSource
    | TemplateStates,
    E,
    R
  >
) =>
  Command.make("doctor", {}, handle).pipe(
    Command.withDescription("Look at everything that AMS stands on, and say what to do; exit code 1 for a problem"),
    Command.provide(needs)
  )
