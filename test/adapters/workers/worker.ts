/** Tasks that misbehave, for the pool's tests. */
import { bytes, serve, value } from "../../../src/adapters/workers/Serve.ts"
import { boom, breakOff, burn, crash, crowd, door, double, exhaust, flood, inside, most, stall } from "./tasks.ts"

const beat = (counter: SharedArrayBuffer) => Atomics.add(new Int32Array(counter), 0, 1)

serve([
  value(double, (n) => n * 2),
  // As a loop that never ends in a library does: nothing but the end of its thread stops it.
  value(burn, ({ counter }) => {
    for (;;) beat(counter)
  }),
  value(crowd, ({ counter }) => {
    const numbers = new Int32Array(counter)
    const now = Atomics.add(numbers, inside, 1) + 1
    for (let before = Atomics.load(numbers, most); now > before; before = Atomics.load(numbers, most)) {
      Atomics.compareExchange(numbers, most, before, now)
    }
    Atomics.wait(numbers, door, 0)
    Atomics.sub(numbers, inside, 1)
    return now
  }),
  value(boom, () => {
    throw new Error("boom")
  }),
  value(crash, () => process.exit(3)),
  value(exhaust, () => {
    const kept: Array<Array<number>> = []
    for (;;) kept.push(Array.from({ length: 100_000 }, (_, n) => n))
  }),
  bytes(flood, function*({ counter, size, times }) {
    for (let n = 0; n < times; n++) {
      beat(counter)
      yield new Uint8Array(size).fill(n % 256)
    }
  }),
  bytes(stall, ({ counter }) => {
    for (;;) beat(counter)
  }),
  bytes(breakOff, function*() {
    yield new TextEncoder().encode("the beginning")
    throw new Error("boom")
  })
])
