/** The other process of `fairness.ts`: runs the handlers until it is told to end, and tells what it saw. */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { engine } from "./fairness.ts"

const tell = (message: unknown) => void process.send?.(message)
const ready = Layer.effectDiscard(Effect.sync(() => tell("ready")))
NodeRuntime.runMain(Layer.launch(Layer.provide(ready, engine(process.env["BENCH_URL"] ?? "", tell))))
