/** Everything that chance decides, from one seed. */
import { SecureRandom } from "effect/crypto"

export class Chance {
  private state: number

  constructor(seed: number) {
    this.state = Math.imul(seed, 0x9e3779b1) >>> 0
  }

  /** From 0 up to, but not, 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let mixed = this.state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  happens(probability: number): boolean {
    return this.next() < probability
  }

  /** Both inclusive. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  pick<A>(from: readonly [A, ...ReadonlyArray<A>]): A {
    return from[this.int(0, from.length - 1)] ?? from[0]
  }
}

/** The engine's own chance: identifiers, and whatever else it draws. */
export const secureRandom = (chance: Chance): SecureRandom.SecureRandom["Service"] =>
  SecureRandom.make((size) => Uint8Array.from({ length: size }, () => chance.int(0, 255)))
