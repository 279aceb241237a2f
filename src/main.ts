#!/usr/bin/env node
import { NodeRuntime } from "@effect/platform-node"
import { Cause, Effect, Exit, type Runtime } from "effect"
import { SettingsInvalid } from "./Config.ts"
import { CannotServe, serve } from "./Serve.ts"

/** Ended by a signal is ended well. */
const teardown: Runtime.Teardown = (exit, done) =>
  done(Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause) ? 1 : 0)

serve.pipe(
  Effect.tapCause((cause) =>
    Effect.sync(() => {
      if (Cause.hasInterruptsOnly(cause)) return
      const error = Cause.squash(cause)
      // What is expected is told in its own words; a defect with all that is known of it.
      const text = error instanceof CannotServe || error instanceof SettingsInvalid
        ? error.message
        : Cause.pretty(cause)
      for (const line of text.split("\n")) process.stderr.write(`ams: ${line}\n`)
    })
  ),
  NodeRuntime.runMain({ teardown, disableErrorReporting: true })
)
