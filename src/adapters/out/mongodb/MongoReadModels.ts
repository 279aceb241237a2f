/**
 * The read side in MongoDB, one collection per kind. What is gone keeps its number for a while, without a `doc`, so that
 * an older write that comes late does not bring it back. No sessions, no transactions: every write stands for itself.
 */
import { DateTime, Effect, Layer, Option, Redacted, Schedule, Schema, Struct } from "effect"
import { type AnyBulkWriteOperation, type Filter, type IndexDescription, MongoClient } from "mongodb"
import type { AcademyId } from "../../../domain/Ids.ts"
import { type Document, type Kind, kinds, placed, sortedBy, type View, views } from "../../../domain/ReadModel.ts"
import { type DayFigures, Figures } from "../../../domain/Statistics.ts"
import { type FigureKind, type Query, ReadModels, ReadSideUnavailable } from "../../../ports/ReadModels.ts"
import { asking } from "./MongoFaults.ts"

export interface MongoSettings {
  readonly url: Redacted.Redacted
  readonly database: string
}

interface Stored {
  readonly _id: string
  readonly asOf: number
  readonly doc?: unknown
  readonly goneAt?: Date
}

/** Documents that one write of a sweep looks at. */
const sweepPage = 2_000

const index = (...fields: ReadonlyArray<string>): IndexDescription => ({
  key: new Map(fields.map((field) => [field, 1]))
})
const inAcademy = (...fields: ReadonlyArray<string>) =>
  index("doc.academyId", ...fields.map((field) => `doc.${field}`), "_id")
const always = [inAcademy(), { ...index("goneAt"), sparse: true }]
const indexes: Readonly<Record<Kind, Array<IndexDescription>>> = {
  member: always,
  class: always,
  attendance: [
    ...always,
    inAcademy("classId", "date"),
    inAcademy("studentId"),
    inAcademy("sessionId"),
    inAcademy("date")
  ],
  session: [
    ...always,
    inAcademy("startsAt"),
    inAcademy("date", "startsAt"),
    inAcademy("classId", "date", "startsAt"),
    inAcademy("teacherId", "date", "startsAt")
  ],
  class_day: [...always, inAcademy("classId", "date"), inAcademy("teacherId", "date"), inAcademy("date")],
  student_day: [...always, inAcademy("studentId", "date")],
  academy_day: [...always, inAcademy("date")]
}

/** Replaces what is older. One write per document that never fails because of another one. */
const replaceOlder = (next: Stored): AnyBulkWriteOperation<Stored> => ({
  updateOne: {
    filter: { _id: next._id },
    update: [{
      $replaceWith: { $cond: [{ $gt: [next.asOf, { $ifNull: ["$asOf", -1] }] }, { $literal: next }, "$$ROOT"] }
    }],
    upsert: true
  }
})

type Where<K extends Kind> = Pick<Query<K>, "academyId" | "where" | "dateFrom" | "dateTo">

const conditions = <K extends Kind>(query: Where<K>): ReadonlyArray<Filter<Stored>> => {
  const where: ReadonlyArray<readonly [string, string | undefined]> = Object.entries(query.where)
  return [
    { "doc.academyId": query.academyId },
    // An array field equals when one of its elements does.
    ...where.flatMap(([field, value]) => value === undefined ? [] : [{ [`doc.${field}`]: { $eq: value } }]),
    ...(query.dateFrom === undefined ? [] : [{ "doc.date": { $gte: query.dateFrom } }]),
    ...(query.dateTo === undefined ? [] : [{ "doc.date": { $lte: query.dateTo } }])
  ]
}

const beyond = <K extends Kind>(kind: K, { after, order }: Query<K>): ReadonlyArray<Filter<Stored>> => {
  if (after === undefined) return []
  const than = (value: string) => (order === "ascending" ? { $gt: value } : { $lt: value })
  const field = sortedBy[kind]
  if (field === undefined) return [{ _id: than(after) }]
  const { id, [field]: value } = placed(after)
  const from = order === "ascending" ? { $gte: value } : { $lte: value }
  // The first condition is where the index is entered; the second one leaves out what was seen.
  return [{ [`doc.${field}`]: from }, { $or: [{ [`doc.${field}`]: than(value) }, { _id: than(id) }] }]
}

// Conditions side by side: none takes the place of another one about the same field, least of all the academy's.
const filterOf = <K extends Kind>(kind: K, query: Query<K>): Filter<Stored> => ({
  $and: [
    ...conditions(query),
    ...(query.name === undefined ? [] : [{ "doc.name": { $regex: query.name } }]),
    ...beyond(kind, query)
  ]
})

const inOrder = <K extends Kind>(kind: K, order: Query<K>["order"]): ReadonlyArray<readonly [string, 1 | -1]> => {
  const way = order === "ascending" ? 1 : -1
  const field = sortedBy[kind]
  return [...(field === undefined ? [] : [[`doc.${field}`, way] as const]), ["_id", way]]
}

const summed = Object.fromEntries(Struct.keys(Figures.fields).map((field) => [field, { $sum: `$doc.${field}` }]))

/** A document as an older version of AMS wrote it may not be one of today: a full sync writes it again. */
const decode = <K extends Kind>(kind: K, stored: ReadonlyArray<Stored>) =>
  Effect.try({
    try: (): ReadonlyArray<View<K>> => stored.map(({ doc }) => Schema.decodeUnknownSync(views[kind])(doc)),
    catch: (cause) => new ReadSideUnavailable({ rule: "mongodb-document", cause })
  })

/** Built also while MongoDB is down: it connects when it is asked, and makes its indexes as soon as it can. */
export const layer = (settings: MongoSettings): Layer.Layer<ReadModels> =>
  Layer.effect(
    ReadModels,
    Effect.gen(function*() {
      const client = yield* Effect.acquireRelease(
        Effect.sync(() =>
          new MongoClient(Redacted.value(settings.url), {
            appName: "ams",
            serverSelectionTimeoutMS: 2000,
            connectTimeoutMS: 2000,
            socketTimeoutMS: 5000,
            waitQueueTimeoutMS: 2000,
            maxPoolSize: 10,
            // The handlers' own policy says what is tried again.
            retryWrites: false,
            // What was answered stays, also when the server crashes: nobody would write it again.
            writeConcern: { w: "majority", journal: true }
          })
        ),
        (client) => Effect.tryPromise(() => client.close()).pipe(Effect.timeoutOption("2 seconds"), Effect.ignore)
      )
      const ask = asking(client)
      const database = client.db(settings.database)
      const collection = (kind: Kind) => database.collection<Stored>(kind)
      const meta = database.collection<{ readonly _id: "epoch"; readonly epoch: string }>("meta")

      yield* Effect.forEach(kinds, (kind) => ask("write", () => collection(kind).createIndexes(indexes[kind])), {
        discard: true
      }).pipe(
        Effect.tapError(({ cause, rule }) =>
          Effect.logWarning("the read side has no indexes yet", { rule, error: String(cause) })
        ),
        Effect.retry(Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")])),
        Effect.tapDefect((defect) => Effect.logError("the read side cannot get its indexes", defect)),
        Effect.forkScoped
      )

      /** The last id of the page after `after`, `null` when nothing is left. */
      const pageEnd = (kind: Kind, after: string) =>
        ask("read", (signal) =>
          collection(kind).aggregate<{ last: string }>([
            { $match: { _id: { $gt: after } } },
            { $sort: { _id: 1 } },
            { $limit: sweepPage },
            { $group: { _id: null, last: { $max: "$_id" } } }
          ], { signal }).toArray()).pipe(Effect.map(([page]) => page?.last ?? null))

      return ReadModels.of({
        put: Effect.fn("ReadModels.put")(function*<K extends Kind>(kind: K, documents: ReadonlyArray<Document<K>>) {
          if (documents.length === 0) return
          const goneAt = DateTime.toDateUtc(yield* DateTime.now)
          const writes = documents.map(({ asOf, doc, id }) =>
            replaceOlder(doc === null ? { _id: id, asOf, goneAt } : { _id: id, asOf, doc })
          )
          yield* ask("write", () => collection(kind).bulkWrite(writes, { ordered: false }))
        }),
        find: Effect.fn("ReadModels.find")(function*<K extends Kind>(kind: K, query: Query<K>) {
          const stored = yield* ask("read", (signal) =>
            collection(kind).find(filterOf(kind, query), { signal }).sort(new Map(inOrder(kind, query.order))).limit(
              query.limit
            )
              .toArray())
          return yield* decode(kind, stored)
        }),
        sum: Effect.fn("ReadModels.sum")(<K extends FigureKind>(kind: K, query: Where<K>) =>
          ask("read", (signal) =>
            collection(kind).aggregate<DayFigures>([
              { $match: { $and: conditions(query) } },
              { $group: { _id: "$doc.date", ...summed } },
              { $sort: { _id: 1 } },
              { $addFields: { date: "$_id" } },
              { $project: { _id: 0 } }
            ], { signal }).toArray())
        ),
        get: Effect.fn("ReadModels.get")(function*<K extends Kind>(kind: K, academyId: AcademyId, id: string) {
          const stored = yield* ask("read", (signal) =>
            collection(kind).findOne({ _id: id, "doc.academyId": academyId }, { signal }))
          return Option.fromNullishOr((yield* decode(kind, stored === null ? [] : [stored]))[0])
        }),
        sweep: Effect.fn("ReadModels.sweep")(function*(kind, asOf) {
          const goneAt = DateTime.toDateUtc(yield* DateTime.now)
          for (let after = "", last = yield* pageEnd(kind, after); last !== null; last = yield* pageEnd(kind, after)) {
            const page = { $gt: after, $lte: last }
            yield* ask("write", () =>
              collection(kind).updateMany(
                { _id: page, asOf: { $lt: asOf }, doc: { $exists: true } },
                { $set: { asOf, goneAt }, $unset: { doc: "" } }
              ))
            after = last
          }
        }),
        prune: Effect.fn("ReadModels.prune")(function*(goneFor) {
          const until = DateTime.toDateUtc(DateTime.subtractDuration(yield* DateTime.now, goneFor))
          yield* Effect.forEach(
            kinds,
            (kind) =>
              ask("write", () =>
                collection(kind).deleteMany({ goneAt: { $lte: until } })),
            { discard: true }
          )
        }),
        epoch: ask("read", (signal) =>
          meta.findOne({ _id: "epoch" }, { signal })).pipe(
            Effect.map((found) =>
              Option.fromNullishOr(found?.epoch)
            )
          ),
        setEpoch: Effect.fn("ReadModels.setEpoch")((epoch) =>
          Effect.asVoid(ask("write", () => meta.updateOne({ _id: "epoch" }, { $set: { epoch } }, { upsert: true })))
        )
      })
    })
  )
