import { expect, layer } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as PostgresDeliveryStore from "../../../../src/adapters/out/postgres/PostgresDeliveryStore.ts"
import * as PostgresJobStore from "../../../../src/adapters/out/postgres/PostgresJobStore.ts"
import { Incarnation } from "../../../../src/domain/Ids.ts"
import { DeliveryStore } from "../../../../src/ports/DeliveryStore.ts"
import { JobStore } from "../../../../src/ports/JobStore.ts"
import { freshDatabase } from "../../../support/postgres.ts"

const stores = Layer.merge(PostgresJobStore.layer, PostgresDeliveryStore.layer).pipe(Layer.provide(freshDatabase))

layer(stores, { excludeTestServices: true })("PostgresJobStore", (it) => {
  const living = Effect.gen(function*() {
    const self = Incarnation.make(randomUUID())
    yield* (yield* DeliveryStore).join(self)
    return self
  })
  /** A job of which there is a row: the statement that makes it does not see it yet. */
  const known = Effect.gen(function*() {
    const name = `job-${randomUUID()}`
    yield* (yield* JobStore).claim(yield* living, [name])
    return name
  })
  const claim = (self: Incarnation, name: string) => Effect.flatMap(JobStore, (jobs) => jobs.claim(self, [name]))

  it.effect("leases a due job to one of many that ask at once", () =>
    Effect.gen(function*() {
      const name = yield* known
      const asking = yield* Effect.replicateEffect(living, 5)
      const leases = yield* Effect.forEach(asking, (self) => claim(self, name), { concurrency: 5 })
      expect(leases.flat()).toHaveLength(1)
      expect(leases.flat()[0]).toMatchObject({ name, lease: 1 })
    }))

  it.effect("makes it due again so long after its end, and remembers why it failed and how often", () =>
    Effect.gen(function*() {
      const jobs = yield* JobStore
      const self = yield* living
      const name = yield* known
      const [lease] = yield* claim(self, name)
      if (lease === undefined) return yield* Effect.die("it was due")
      expect(yield* jobs.finish(lease, Duration.zero, "no disk")).toBe(1)
      const [next] = yield* claim(self, name)
      if (next === undefined) return yield* Effect.die("it was due again")
      expect(yield* jobs.finish(next, Duration.hours(1), "no disk")).toBe(2)
      expect(yield* claim(self, name)).toEqual([])
      expect((yield* jobs.list).find((one) => one.name === name)).toMatchObject({
        owner: null,
        error: "no disk",
        failures: 2
      })
      expect(yield* jobs.finish(next, Duration.zero, null), "the lease has ended").toBe(0)
    }))

  it.effect("takes it from one that is dead, not from one that lives, and the dead one's end changes nothing", () =>
    Effect.gen(function*() {
      const jobs = yield* JobStore
      const name = yield* known
      const [first, second] = [yield* living, yield* living]
      const [lease] = yield* claim(first, name)
      if (lease === undefined) return yield* Effect.die("it was due")
      expect(yield* claim(second, name)).toEqual([])
      yield* (yield* DeliveryStore).bury(second, Duration.zero)
      const [taken] = yield* claim(second, name)
      expect(taken).toMatchObject({ owner: second, lease: 2 })
      expect(yield* jobs.finish(lease, Duration.zero, "late")).toBe(0)
      expect((yield* jobs.list).find((one) => one.name === name)).toMatchObject({ owner: second, error: null })
    }))

  it.effect("has it back at once from one that leaves", () =>
    Effect.gen(function*() {
      const name = yield* known
      const [first, second] = [yield* living, yield* living]
      yield* claim(first, name)
      yield* (yield* DeliveryStore).leave(first)
      expect(yield* claim(second, name)).toHaveLength(1)
    }))
})
