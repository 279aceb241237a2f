/** Members and enrollments from a file: read on the CPU pool, decided line by line, written in one transaction or not at all. */
import { Array as Arr, Context, DateTime, Effect, Layer, Option, Result, Semaphore } from "effect"
import { SecureRandom } from "effect/crypto"
import type { EventFact } from "../../domain/DomainEvent.ts"
import { type ClassThere, planEnrollments } from "../../domain/EnrollmentImport.ts"
import { type AcademyNotNamed, type NotAllowed, NotFound } from "../../domain/Errors.ts"
import type { AcademyId } from "../../domain/Ids.ts"
import { type ImportKind, type ImportProgress, ImportRefused, type ImportReport, limits } from "../../domain/Import.ts"
import { type ImportProblem, plainly, problemAt } from "../../domain/ImportProblem.ts"
import { dateIn } from "../../domain/LocalTime.ts"
import { idsFor, planMembers, soughtBy } from "../../domain/MemberImport.ts"
import type { Permission } from "../../domain/Permission.ts"
import { toBeHeld } from "../../domain/Session.ts"
import { AcademyRepository } from "../../ports/AcademyRepository.ts"
import { type AuditEntry, AuditTrail } from "../../ports/AuditTrail.ts"
import { type Busy, CpuPool, type TookTooLong, type ValueTask } from "../../ports/CpuPool.ts"
import { readEnrollmentFile, readMemberFile } from "../../ports/CpuTasks.ts"
import { ImportRepository } from "../../ports/ImportRepository.ts"
import { TimetableRepository, type ToPlan } from "../../ports/TimetableRepository.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"

export interface ImportFile {
  readonly bytes: Uint8Array
  /** Nothing is written; the problems are the very same. */
  readonly dryRun: boolean
}

/** Hears how far it is. */
export type Watching = (progress: ImportProgress) => Effect.Effect<void>

/**
 * Imports a file: all of it, or nothing. `ImportRefused` has every problem of every line. What is there already is skipped,
 * so that the same file may come again.
 */
export type Importing = (
  file: ImportFile,
  watching: Watching
) => Effect.Effect<ImportReport, ImportRefused | Busy | TookTooLong | NotFound | Refusal | StorageUnavailable>

/** Imports of a process at once; further ones wait. Each has one of the commands' connections for seconds. */
const atOnce = 2
/** Lines that are checked before others have their turn, about 2 ms. */
const linesAtOnce = 25
/** Records that one statement writes. */
const recordsAtOnce = 500

const permissions: Readonly<Record<ImportKind, Permission>> = {
  members: "member:create",
  enrollments: "enrollment:create"
}

/** In whose name. */
type By = Pick<AuditEntry, "actorId" | "channel"> & { readonly academyId: AcademyId }

/** Runs a decision to its end, with pauses. */
const decided = Effect.fnUntraced(function*<A>(decision: Generator<void, A>, total: number, watching: Watching) {
  for (let done = 0;; done += linesAtOnce) {
    yield* watching({ stage: "checking", done, total })
    for (let n = 0; n < linesAtOnce; n++) {
      const step = decision.next()
      if (step.done === true) {
        yield* watching({ stage: "checking", done: total, total })
        return step.value
      }
    }
    yield* Effect.yieldNow
  }
})

/** Writes one kind of record after the other. */
const writerOf = (total: number, watching: Watching) => {
  let done = 0
  return <A, E, R>(records: ReadonlyArray<A>, write: (some: ReadonlyArray<A>) => Effect.Effect<void, E, R>) =>
    Effect.forEach(Arr.chunksOf(records, recordsAtOnce), (some) =>
      Effect.andThen(
        write(some),
        Effect.suspend(() => watching({ stage: "writing", done: done += some.length, total }))
      ), { discard: true })
}

const appended = (events: ReadonlyArray<EventFact>) =>
  Effect.flatMap(
    Transaction,
    ({ append }) => Effect.forEach(Arr.chunksOf(events, recordsAtOnce), (some) => append(...some), { discard: true })
  )

/** What was made, in figures. */
const figures = ({ alreadyThere, enrollments, guardianships, lines, members }: ImportReport) =>
  `${lines} lines, ${members} members, ${guardianships} guardianships, ${enrollments} enrollments, ${alreadyThere.length} already there`

export class ImportCommands extends Context.Service<ImportCommands, {
  /** For the own academy, or the one that an administrator names: allowed before the file is read. */
  readonly asMember: (kind: ImportKind) => Effect.Effect<Importing, NotAllowed | AcademyNotNamed, CurrentActor>
  /** By whoever has the terminal. */
  readonly atTerminal: (kind: ImportKind, academyId: AcademyId) => Importing
}>()("ams/ImportCommands") {
  static readonly layer = Layer.effect(
    ImportCommands,
    Effect.gen(function*() {
      const academies = yield* AcademyRepository
      const audit = yield* AuditTrail
      const cpu = yield* CpuPool
      const imports = yield* ImportRepository
      const random = yield* SecureRandom.SecureRandom
      const timetable = yield* TimetableRepository
      const unitOfWork = yield* UnitOfWork
      const places = yield* Semaphore.make(atOnce)

      const freshIds = (count: number) => Effect.forEach(Array.from({ length: count }), () => random.uuidV7())

      /** What the file says. A task that crashes is a defect of ours. */
      const read = Effect.fnUntraced(function*<Sheet>(
        task: ValueTask<Uint8Array, Sheet>,
        bytes: Uint8Array,
        watching: Watching
      ) {
        if (bytes.byteLength > limits.bytes) {
          return yield* new ImportRefused({ problems: [problemAt(1, null, "FILE_TOO_LARGE", plainly("5 MiB"))] })
        }
        yield* watching({ stage: "reading", done: 0, total: 1 })
        const sheet = yield* Effect.catchTag(cpu.value(task, bytes), "TaskCrashed", Effect.die)
        yield* watching({ stage: "reading", done: 1, total: 1 })
        return sheet
      })

      const zoneOf = Effect.fnUntraced(function*(id: AcademyId) {
        const academy = yield* academies.find(id)
        return Option.isSome(academy) ? academy.value.timeZone : yield* new NotFound({ what: "academy", id })
      })

      const refused = (problems: ReadonlyArray<ImportProblem>) => new ImportRefused({ problems })

      const written = Effect.fnUntraced(function*({ academyId, ...by }: By, report: ImportReport) {
        const action = report.kind === "members" ? "member.import" : "enrollment.import"
        const subject = `academy/${academyId}`
        yield* audit.write({ ...by, academyId, action, subject, detail: figures(report) })
      })

      const members = (by: By): Importing =>
        Effect.fnUntraced(function*({ bytes, dryRun }, watching) {
          const { academyId } = by
          yield* zoneOf(academyId)
          const sheet = yield* read(readMemberFile, bytes, watching)
          const ids = yield* freshIds(idsFor(sheet))
          const now = yield* DateTime.now
          return yield* unitOfWork.run(
            { academyId, actor: by.actorId },
            Effect.gen(function*() {
              const people = yield* imports.people(academyId, soughtBy(sheet))
              const decision = planMembers(sheet, { academyId, people, now, ids })
              const plan = yield* Effect.fromResult(
                Result.mapError(yield* decided(decision, sheet.lines.length, watching), refused)
              )
              const report: ImportReport = {
                kind: "members",
                dryRun,
                lines: sheet.lines.length,
                members: plan.members.length,
                guardianships: plan.guardianships.length,
                enrollments: 0,
                alreadyThere: plan.alreadyThere
              }
              if (dryRun) return report
              const write = writerOf(report.members + report.guardianships, watching)
              yield* write(plan.members, imports.insertMembers)
              yield* write(plan.guardianships, imports.insertGuardianships)
              yield* written(by, report)
              yield* appended(plan.events)
              return report
            })
          )
        })

      /** Every active class of the academy, locked, and who comes to it. */
      const classesOf = Effect.fnUntraced(function*(plans: ReadonlyArray<ToPlan>, now: DateTime.Utc) {
        const seats = yield* imports.seats(plans.map((plan) => plan.class.id))
        return plans.map(({ class: its, sessions, students }): ClassThere => ({
          class: its,
          taken: seats.get(its.id) ?? [],
          booking: {
            classId: its.id,
            className: its.name,
            teacherId: its.teacherId,
            classroomId: null,
            students,
            meets: its,
            sessions: toBeHeld(sessions, [], [], now)
          }
        }))
      })

      const enrollments = (by: By): Importing =>
        Effect.fnUntraced(function*({ bytes, dryRun }, watching) {
          const { academyId } = by
          const zone = yield* zoneOf(academyId)
          const sheet = yield* read(readEnrollmentFile, bytes, watching)
          const ids = yield* freshIds(sheet.lines.length)
          return yield* unitOfWork.run(
            { academyId, actor: by.actorId },
            Effect.gen(function*() {
              // Classes are locked before students, as everywhere.
              const plans = yield* timetable.allToPlan(academyId)
              const names = [...new Set(sheet.lines.flatMap(({ student }) => (student === null ? [] : [student])))]
              const students = yield* imports.students(academyId, names)
              const now = yield* DateTime.now
              const classes = yield* classesOf(plans, now)
              const decision = planEnrollments(sheet, { students, classes, zone, today: dateIn(zone, now), ids })
              const plan = yield* Effect.fromResult(
                Result.mapError(yield* decided(decision, sheet.lines.length, watching), refused)
              )
              const report: ImportReport = {
                kind: "enrollments",
                dryRun,
                lines: sheet.lines.length,
                members: 0,
                guardianships: 0,
                enrollments: plan.enrollments.length,
                alreadyThere: plan.alreadyThere
              }
              if (dryRun) return report
              const write = writerOf(report.enrollments, watching)
              yield* write(plan.enrollments, (some) =>
                Effect.gen(function*() {
                  for (const { id } of some) {
                    const reason = plan.exceptions.get(id)
                    if (reason === undefined) continue
                    yield* audit.write({
                      ...by,
                      action: "enroll-without-guardian",
                      subject: `enrollment/${id}`,
                      reason
                    })
                  }
                  yield* imports.insertEnrollments(some)
                }))
              yield* written(by, report)
              yield* appended(plan.events)
              return report
            })
          )
        })

      const importing = (kind: ImportKind, by: By): Importing => {
        const run = kind === "members" ? members(by) : enrollments(by)
        return (file, watching) =>
          places.withPermit(run(file, watching)).pipe(Effect.withSpan(`ImportCommands.${kind}`))
      }

      return ImportCommands.of({
        asMember: Effect.fnUntraced(function*(kind) {
          const { academyId, memberId } = yield* allowInAcademy(permissions[kind])
          return importing(kind, { academyId, actorId: memberId, channel: "API" })
        }),
        atTerminal: (kind, academyId) => importing(kind, { academyId, actorId: null, channel: "CLI" })
      })
    })
  )
}
