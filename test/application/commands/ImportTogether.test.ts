/** What goes on while a file is imported: others come, or it ends in the middle. */
import { expect, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { MemberCommands } from "../../../src/application/commands/MemberCommands.ts"
import type { ImportProgress } from "../../../src/domain/Import.ts"
import { LocalDate } from "../../../src/domain/LocalTime.ts"
import { PhoneNumber } from "../../../src/domain/PhoneNumber.ts"
import { MemberRepository } from "../../../src/ports/MemberRepository.ts"
import { UnitOfWork } from "../../../src/ports/UnitOfWork.ts"
import { as, makeAcademy, person } from "../../support/academy.ts"
import { core } from "../../support/app.ts"
import { headings, importing, open, pupils, stored } from "./imports.ts"

/** Runs it as another request would: outside of the transaction in which it is asked for. */
const apart = <R>() =>
  Effect.map(
    Effect.context<R>(),
    (context) => <A, E>(effect: Effect.Effect<A, E, R>) => Effect.promise(() => Effect.runPromiseWith(context)(effect))
  )

layer(core({ role: "api" }), { excludeTestServices: true })("an import", (it) => {
  it.effect("that fails in the middle of writing leaves nothing behind, and no event", () =>
    Effect.gen(function*() {
      const members = yield* MemberCommands
      const alone = yield* apart<SqlClient.SqlClient>()
      const { manager } = yield* makeAcademy({ students: 0 })
      // More than go out at once: the first are in PostgreSQL when the last is refused.
      const text = [headings, ...pupils(600)].join("\n")
      const phone = PhoneNumber.make("+821040000599")
      let meanwhile: string | undefined
      let written = 0
      const enterMeanwhile = (progress: ImportProgress) =>
        Effect.gen(function*() {
          if (progress.stage === "writing") written = progress.done
          if (progress.stage !== "checking" || progress.done < progress.total || meanwhile !== undefined) return
          yield* alone(members.create({ ...person("PARENT"), phone }).pipe(as(manager)))
          meanwhile = yield* alone(stored)
        })
      const failed = yield* Effect.flip(importing("members", text, manager, { watching: enterMeanwhile }))
      expect(failed._tag).toBe("PhoneTaken")
      expect(written).toBeGreaterThanOrEqual(500)
      expect(yield* stored).toBe(meanwhile)
    }))

  it.effect("that is given up in the middle of writing, as by whoever hangs up, leaves nothing behind", () =>
    Effect.gen(function*() {
      const { manager } = yield* makeAcademy({ students: 0 })
      const before = yield* stored
      const writing = yield* Deferred.make<void>()
      const text = [headings, ...pupils(600)].join("\n")
      const watching = ({ stage }: ImportProgress) =>
        stage === "writing" ? Effect.andThen(Deferred.succeed(writing, undefined), Effect.never) : Effect.void
      const run = yield* Effect.forkChild(importing("members", text, manager, { watching }))
      yield* Deferred.await(writing)
      yield* Fiber.interrupt(run)
      expect(yield* stored).toBe(before)
    }))

  it.effect("lets nobody sign up at the academy meanwhile, who would be made twice", () =>
    Effect.gen(function*() {
      const members = yield* MemberRepository
      const unitOfWork = yield* UnitOfWork
      const { academy, manager } = yield* makeAcademy({ students: 0 })
      const asked = {
        phone: PhoneNumber.make("+821099990000"),
        guardianPhone: null,
        name: "가",
        birthDate: LocalDate.make("2015-03-02")
      }
      const alone = yield* apart<never>()
      const known = Effect.exit(
        unitOfWork.run({ academyId: academy.id, actor: null }, members.known(academy.id, asked))
      )
      const heard: Array<string> = []
      const watching = ({ done, stage, total }: ImportProgress) =>
        stage === "checking" && done === total
          ? Effect.map(alone(known), ({ _tag }) => void heard.push(_tag))
          : Effect.void
      yield* importing("members", [headings, ...pupils(1)].join("\n"), manager, { watching })
      heard.push((yield* known)._tag)
      expect(heard).toEqual(["Failure", "Success"])
    }))

  it.effect("gives no more seats than there are, to whoever asks at the same moment", () =>
    Effect.gen(function*() {
      const { manager } = yield* makeAcademy({ students: 0 })
      yield* open("수학", "MON", manager, 3)
      yield* importing("members", [headings, ...pupils(4)].join("\n"), manager)
      const seats = (...numbers: ReadonlyArray<number>) =>
        ["학생,생년월일,반", ...numbers.map((n) => `학생${n},2015-03-02,수학`)].join("\n")
      const both = yield* Effect.all([
        Effect.result(importing("enrollments", seats(0, 1), manager)),
        Effect.result(importing("enrollments", seats(2, 3), manager))
      ], { concurrency: 2 })
      expect(both.map(({ _tag }) => _tag).toSorted()).toEqual(["Failure", "Success"])
      const refused = both.find(({ _tag }) => _tag === "Failure")
      expect(refused).toMatchObject({ failure: { problems: [{ line: 3, code: "CLASS_FULL" }] } })
    }))
})
