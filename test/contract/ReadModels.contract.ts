/** What every read side keeps to. */
import { expect, layer } from "@effect/vitest"
import { Duration, Effect, type Layer, Option, Schema } from "effect"
import { type AcademyId, AttendanceId, ClassId, MemberId } from "../../src/domain/Ids.ts"
import { nameSearch } from "../../src/domain/NameSearch.ts"
import { type Document, idOf, type Kind, kinds, placeOf, type View } from "../../src/domain/ReadModel.ts"
import { type Query, ReadModels } from "../../src/ports/ReadModels.ts"
import { attendance, classDay, course, day, make, member, newAcademy, session, studentDay, uuid } from "./documents.ts"

const at = <K extends Kind>(asOf: number, ...docs: ReadonlyArray<View<K>>): ReadonlyArray<Document<K>> =>
  docs.map((doc) => ({ id: idOf(doc), asOf, doc }))
const goneAt = (asOf: number, doc: View<Kind>) => ({ id: idOf(doc), asOf, doc: null })

/** A query for everything, in order, unless told otherwise. */
const all = <K extends Kind>(academyId: AcademyId, changed?: Partial<Query<K>>): Query<K> => ({
  academyId,
  where: {},
  order: "ascending",
  limit: 100,
  ...changed
})
const names = (docs: ReadonlyArray<{ readonly name: string }>) => docs.map((doc) => doc.name)

/** `models` begins with an empty read side that nobody else uses. */
export const readModelsContract = <E>(name: string, models: Layer.Layer<ReadModels, E>): void =>
  layer(models, { excludeTestServices: true, timeout: "60 seconds" })(name, (it) => {
    it.effect("knows no epoch until it is told one", () =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        expect(yield* models.epoch).toEqual(Option.none())
        yield* models.setEpoch("first")
        expect(yield* models.epoch).toEqual(Option.some("first"))
        yield* models.setEpoch("second")
        expect(yield* models.epoch).toEqual(Option.some("second"))
      }))

    it.effect.each(kinds)("finds %s by each of its fields", (kind) =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        const academyId = newAcademy()
        const [wanted, other] = [make[kind](academyId, 0), make[kind](academyId, 1)]
        yield* models.put(kind, at(1, wanted, other))
        expect(yield* models.get(kind, academyId, idOf(wanted))).toEqual(Option.some(wanted))
        for (const [field, value] of Object.entries(wanted)) {
          for (const text of Array.isArray(value) ? value : [value]) {
            if (field === "academyId" || typeof text !== "string") continue
            expect(yield* models.find(kind, all(academyId, { where: { [field]: text } }))).toEqual([wanted])
            expect(yield* models.find(kind, all(academyId, { where: { [field]: `${text}x` } }))).toEqual([])
          }
        }
      }))

    it.effect("finds by several fields at once, and a field that has none by no value", () =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        const academyId = newAcademy()
        const wanted = member(academyId, 0)
        yield* models.put("member", at(1, wanted, member(academyId, 2, { phone: null }), member(academyId, 1)))
        const both = all<"member">(academyId, { where: { roles: "PARENT", phone: wanted.phone ?? "" } })
        expect(yield* models.find("member", both)).toEqual([wanted])
        expect(yield* models.find("member", all(academyId, { where: { phone: "null" } }))).toEqual([])
        expect(yield* models.find("member", all(academyId, { where: { roles: "TEACHER" } }))).toHaveLength(2)
        expect(yield* models.find("member", all(academyId, { where: { roles: "TEACH" } }))).toEqual([])
      }))

    it.effect("finds between two days, both included", () =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        const academyId = newAcademy()
        const classId = ClassId.make(uuid(1))
        const days = [0, 1, 2, 3].map((n) => classDay(academyId, n, { classId }))
        yield* models.put("class_day", at(1, ...days))
        const find = (bounds: Partial<Query<"class_day">>) =>
          models.find("class_day", all(academyId, { where: { classId }, ...bounds }))
        expect(yield* find({ dateFrom: day(2), dateTo: day(3) })).toEqual(days.slice(1, 3))
        expect(yield* find({ dateFrom: day(4) })).toEqual(days.slice(3))
        expect(yield* find({ dateTo: day(1) })).toEqual(days.slice(0, 1))
        expect(yield* find({ dateFrom: day(5) })).toEqual([])
      }))

    it.effect("finds by what was typed of a name", () =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        const academyId = newAcademy()
        const people = ["김민수", "김미수", "박만수", "Kim Minsu", "이 (2)", "김.수"]
          .map((name, n) => member(academyId, n, { name }))
        yield* models.put("member", at(1, ...people))
        const find = (typed: string, changed?: Partial<Query<"member">>) =>
          Effect.map(models.find("member", all(academyId, { name: nameSearch(typed), ...changed })), names)
        expect(yield* find("ㄱㅁㅅ")).toEqual(["김민수", "김미수"])
        expect(yield* find("김ㅁ")).toEqual(["김민수", "김미수"])
        expect(yield* find("미")).toEqual(["김민수", "김미수"])
        expect(yield* find("민")).toEqual(["김민수"])
        expect(yield* find("수")).toEqual(["김민수", "김미수", "박만수", "김.수"])
        expect(yield* find("KIM m")).toEqual(["Kim Minsu"])
        expect(yield* find("(2)")).toEqual(["이 (2)"])
        expect(yield* find("김.수")).toEqual(["김.수"])
        expect(yield* find(".*")).toEqual([])
        expect(yield* find("$name")).toEqual([])
        expect(yield* find("수", { where: { roles: "STUDENT" }, limit: 1, order: "descending" })).toEqual(["김.수"])
        // Only this academy's, and with the other conditions.
        expect(yield* models.find("member", all(newAcademy(), { name: nameSearch("김") }))).toEqual([])
      }))

    it.effect("sums figures by day, of one class, one teacher, one student or all of an academy", () =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        const academyId = newAcademy()
        const teacherId = MemberId.make(uuid(9))
        const [first, second] = [1, 2].map((n) => ({ classId: ClassId.make(uuid(n)), teacherId }))
        const days = [
          classDay(academyId, 0, { ...first, date: day(1), present: 3 }),
          classDay(academyId, 0, { ...second, date: day(1), present: 4 }),
          classDay(academyId, 0, { ...first, date: day(3), absent: 5 }),
          classDay(academyId, 0, { date: day(9) }),
          classDay(newAcademy(), 0, { ...first, date: day(1) })
        ]
        yield* models.put("class_day", at(1, ...days))
        const sum = (where: Query<"class_day">["where"], from = 1, to = 9) =>
          models.sum("class_day", { academyId, where, dateFrom: day(from), dateTo: day(to) })
        const one = { sessions: 2, held: 1, expected: 4, requested: 1, present: 1, late: 1, absent: 0, excused: 1 }
        const two = { sessions: 4, held: 2, expected: 8, requested: 2, present: 7, late: 2, absent: 0, excused: 2 }
        const third = { date: day(3), ...one, absent: 5 }
        expect(yield* sum({}, 1, 3)).toEqual([{ date: day(1), ...two }, third])
        expect(yield* sum({ classId: first?.classId ?? "" })).toEqual([{ date: day(1), ...one, present: 3 }, third])
        expect(yield* sum({ teacherId })).toEqual([{ date: day(1), ...two }, third])
        expect(yield* sum({}, 4, 8)).toEqual([])

        const studentId = MemberId.make(uuid(7))
        const ofStudent = [1, 2].map((n) => studentDay(academyId, n, { studentId, date: day(2) }))
        yield* models.put("student_day", at(1, ...ofStudent, studentDay(academyId, 3, { date: day(2) })))
        expect(yield* models.sum("student_day", { academyId, where: { studentId } })).toEqual([
          { date: day(2), ...two, present: 2 }
        ])
      }))

    it.effect.each(["ascending", "descending"] as const)(
      "pages sessions %s by their start, then by id",
      (order) =>
        Effect.gen(function*() {
          const models = yield* ReadModels
          const academyId = newAcademy()
          // Starts and ids in different orders, two at the same time.
          const sessions = [3, 1, 2, 1, 0].map((hour, n) =>
            session(academyId, n, { date: day(1), startsAt: `2026-03-01T0${hour}:00:00.000Z` })
          )
          yield* models.put("session", at(1, ...sessions))
          const sorted = [4, 1, 3, 2, 0].flatMap((n) => sessions[n] ?? [])
          const expected = order === "ascending" ? sorted : sorted.toReversed()
          const seen: Array<View<"session">> = []
          for (let page = 0; page < 3; page++) {
            const last = seen.at(-1)
            seen.push(
              ...(yield* models.find(
                "session",
                all(academyId, { order, limit: 2, ...(last === undefined ? {} : { after: placeOf(last) }) })
              ))
            )
            // One that is moved to where the pages have been, or one that is no more.
            const [moved] = sessions
            if (page === 1 && moved !== undefined) yield* models.put("session", [goneAt(2, moved)])
          }
          expect(seen.filter(({ id }) => id !== sessions[0]?.id)).toEqual(
            expected.filter(({ id }) => id !== sessions[0]?.id)
          )
        })
    )

    it.effect("keeps academies apart", () =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        const [ours, theirs] = [newAcademy(), newAcademy()]
        const [mine, foreign] = [member(ours, 0), member(theirs, 0)]
        yield* models.put("member", at(1, mine, foreign))
        expect(yield* models.find("member", all(ours))).toEqual([mine])
        expect(yield* models.find("member", all(ours, { where: { name: foreign.name, academyId: theirs } }))).toEqual(
          []
        )
        expect(yield* models.get("member", ours, foreign.id)).toEqual(Option.none())
        expect(yield* models.get("class", ours, mine.id)).toEqual(Option.none())
      }))

    it.effect("lets only a newer document through", () =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        const doc = member(newAcademy(), 0, { name: "5" })
        const put = (asOf: number) => models.put("member", at(asOf, { ...doc, name: String(asOf) }))
        const shown = Effect.map(models.get("member", doc.academyId, doc.id), Option.map((found) => found.name))
        yield* models.put("member", at(5, doc))
        yield* put(4)
        expect(yield* shown).toEqual(Option.some("5"))
        yield* models.put("member", at(5, { ...doc, name: "another 5" }))
        expect(yield* shown).toEqual(Option.some("5"))
        yield* put(6)
        expect(yield* shown).toEqual(Option.some("6"))
        // Numbers grow beyond 32 bits.
        yield* put(2 ** 40)
        yield* put(2 ** 40 - 1)
        expect(yield* shown).toEqual(Option.some(String(2 ** 40)))
      }))

    it.effect("hides what is gone until a newer document comes", () =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        const doc = member(newAcademy(), 0)
        const shown = models.find("member", all(doc.academyId))
        yield* models.put("member", at(5, doc))
        yield* models.put("member", [goneAt(4, doc)])
        expect(yield* shown).toEqual([doc])
        yield* models.put("member", [goneAt(6, doc)])
        expect(yield* shown).toEqual([])
        expect(yield* models.get("member", doc.academyId, doc.id)).toEqual(Option.none())
        yield* models.put("member", at(5, doc))
        yield* models.put("member", at(6, doc))
        expect(yield* shown).toEqual([])
        yield* models.put("member", at(7, doc))
        expect(yield* shown).toEqual([doc])
      }))

    it.effect("takes the newest of an id that a batch names more than once", () =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        const doc = member(newAcademy(), 0)
        const named = (asOf: number) => at<"member">(asOf, { ...doc, name: String(asOf) })
        const shown = Effect.map(models.find("member", all(doc.academyId)), names)
        yield* models.put("member", [...named(2), ...named(3), ...named(1)])
        expect(yield* shown).toEqual(["3"])
        yield* models.put("member", [...named(4), goneAt(6, doc), ...named(5)])
        expect(yield* shown).toEqual([])
        yield* models.put("member", [])
      }))

    const batches = Schema.Array(
      Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))).check(Schema.isMaxLength(4))
    ).check(Schema.isMaxLength(8))
    it.effect.prop(
      "ends at the highest number, whatever order the writes come in",
      { batches },
      ({ batches }) =>
        Effect.gen(function*() {
          const models = yield* ReadModels
          const academyId = newAcademy()
          const docs = [member(academyId, 0), member(academyId, 1)]
          // Every third number says that it is gone. The second document has the same history in another order.
          const write = (doc: View<"member">, asOf: number) =>
            asOf % 3 === 0 ? goneAt(asOf, doc) : { id: doc.id, asOf, doc: { ...doc, name: String(asOf) } }
          yield* Effect.forEach(
            batches,
            (batch) =>
              models.put(
                "member",
                [...batch, ...batch.toReversed()].map((asOf, n) => write(docs[n % 2] ?? docs[0]!, asOf))
              ),
            { concurrency: "unbounded", discard: true }
          )
          for (const doc of docs) yield* models.put("member", batches.flat().map((asOf) => write(doc, asOf)))
          const highest = Math.max(0, ...batches.flat())
          const shown = highest % 3 === 0 ? [] : [String(highest), String(highest)]
          expect(names(yield* models.find("member", all(academyId)))).toEqual(shown)
        }),
      { arbitrary: { runs: 60 } }
    )

    it.effect.each(["ascending", "descending"] as const)(
      "pages %s, stable while documents come",
      (order) =>
        Effect.gen(function*() {
          const models = yield* ReadModels
          const academyId = newAcademy()
          const docs = [2, 4, 6, 8, 10, 12, 14].map((n) => member(academyId, n))
          yield* models.put("member", at(1, ...docs))
          const seen: Array<View<"member">> = []
          let after: string | undefined
          for (let n = 1; n < 17; n += 4) {
            const page = yield* models.find(
              "member",
              all(academyId, {
                order,
                limit: 2,
                ...(after === undefined ? {} : { after })
              })
            )
            seen.push(...page)
            after = page.at(-1)?.id ?? after
            // Before, after and inside of what was seen.
            yield* models.put("member", at(1, member(academyId, 0), member(academyId, 20)))
            yield* models.put("member", at(2, ...page))
          }
          const numbers = seen.map((doc) => Number.parseInt(doc.id.slice(0, 8), 16))
          expect(numbers).toEqual(numbers.toSorted((a, b) => order === "ascending" ? a - b : b - a))
          expect(new Set(numbers).size).toBe(numbers.length)
          expect(seen.filter((doc) => docs.some(({ id }) => id === doc.id))).toEqual(
            order === "ascending" ? docs : docs.toReversed()
          )
        })
    )

    it.effect("takes 1,000 documents at once, and sweeps thousands", () =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        const academyId = newAcademy()
        const docs = Array.from({ length: 3000 }, (_, n) =>
          attendance(academyId, n % 20, { id: AttendanceId.make(uuid(n)) }))
        yield* models.put("attendance", at(5, ...docs.slice(0, 1000)))
        yield* models.put("attendance", at(5, ...docs.slice(1000)))
        const page = all<"attendance">(academyId, { limit: 5000 })
        expect(yield* models.find("attendance", page)).toHaveLength(3000)
        expect(yield* models.find("attendance", { ...page, order: "descending", limit: 1 })).toEqual(docs.slice(-1))
        yield* models.put("attendance", at(7, ...docs.slice(0, 1), ...docs.slice(-1)))
        yield* models.sweep("attendance", 7)
        expect(yield* models.find("attendance", page)).toEqual([docs.at(0), docs.at(-1)])
      }))

    it.effect("sweeps what was last written below a number, and no other kind", () =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        const academyId = newAcademy()
        const [old, same, newer] = [member(academyId, 0), member(academyId, 1), member(academyId, 2)]
        const other = course(academyId, 0)
        const shown = models.find("member", all(academyId))
        yield* models.put("member", [...at(9, old), ...at(10, same), ...at(11, newer)])
        yield* models.put("class", at(9, other))
        yield* models.sweep("member", 10)
        expect(yield* shown).toEqual([same, newer])
        expect(yield* models.find("class", all(academyId))).toEqual([other])
        // A write from before the sync that comes late.
        yield* models.put("member", at(9, old))
        expect(yield* shown).toEqual([same, newer])
        yield* models.put("member", at(11, old))
        expect(yield* shown).toEqual([old, same, newer])
      }))

    it.effect("forgets what has been gone for long", () =>
      Effect.gen(function*() {
        const models = yield* ReadModels
        const academyId = newAcademy()
        const [gone, swept, kept] = [member(academyId, 0), member(academyId, 1), member(academyId, 2)]
        yield* models.put("member", [goneAt(5, gone), ...at(4, swept), ...at(9, kept)])
        yield* models.sweep("member", 5)
        yield* models.prune(Duration.days(1))
        yield* models.put("member", at(3, gone, swept, kept))
        expect(yield* models.find("member", all(academyId))).toEqual([kept])
        yield* models.prune(Duration.zero)
        yield* models.put("member", at(3, gone, swept, kept))
        expect(yield* models.find("member", all(academyId))).toEqual([gone, swept, kept])
      }))
  })
