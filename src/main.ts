#!/usr/bin/env node
import { NodeRuntime } from "@effect/platform-node"
import { Cause, Effect, Exit, type Runtime } from "effect"
import { serve } from "./Serve.ts"

/** Ended by a signal is ended well. */
const teardown: Runtime.Teardown = (exit, done) =>
  done(Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause) ? 1 : 0)

serve.pipe(
  Effect.tapError((error) =>
    Effect.sync(() => {
      for (const line of error.message.split("\n")) process.stderr.write(`ams: ${line}\n`)
    })
  ),
  NodeRuntime.runMain({ teardown, disableErrorReporting: true })
)
