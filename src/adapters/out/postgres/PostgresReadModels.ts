/** The read side where no MongoDB is configured: documents as `jsonb` in a schema of their own, one table per kind. */
import { Duration, Effect, Layer, Option, Schema, SchemaAST, Struct } from "effect"
import { SqlClient, SqlError, type Statement } from "effect/sql"
import type { AcademyId } from "../../../domain/Ids.ts"
import { type Document, type Kind, kinds, placed, sortedBy, type View, views } from "../../../domain/ReadModel.ts"
import { type DayFigures, Figures } from "../../../domain/Statistics.ts"
import { type FigureKind, type Query, ReadModels, ReadSideUnavailable } from "../../../ports/ReadModels.ts"
import { StorageUnavailable } from "../../../ports/UnitOfWork.ts"
import { classify } from "./Faults.ts"

/** How long a statement may take, waiting for a connection included. */
const limits = { read: Duration.seconds(2), write: Duration.seconds(5) }
/** Rows that one statement of a sweep looks at. */
const sweepPage = 2_000

const rules: { readonly [Tag in SqlError.SqlErrorReason["_tag"]]?: string } = {
  ConnectionError: "postgres-connection",
  StatementTimeoutError: "postgres-timeout",
  LockTimeoutError: "postgres-timeout",
  DeadlockError: "postgres-conflict",
  SerializationError: "postgres-conflict"
}

const tooSlow = (limit: Duration.Duration) =>
  new ReadSideUnavailable({ rule: "postgres-timeout", cause: new Error(`no answer within ${Duration.format(limit)}`) })

const within =
  (limit: Duration.Duration) =>
  <A, R>(statements: Effect.Effect<A, SqlError.SqlError, R>): Effect.Effect<A, ReadSideUnavailable, R> =>
    statements.pipe(
      Effect.catch((error) =>
        classify(error) instanceof StorageUnavailable
          ? Effect.fail(
            new ReadSideUnavailable({ rule: rules[error.reason._tag] ?? "postgres-unavailable", cause: error })
          )
          : Effect.die(error)
      ),
      Effect.timeoutOrElse({ duration: limit, orElse: () => Effect.fail(tooSlow(limit)) })
    )

/** A document as an older version of AMS wrote it may not be one of today: a full sync writes it again. */
const decode = <K extends Kind>(kind: K, docs: ReadonlyArray<{ readonly doc: unknown }>) =>
  Effect.try({
    try: (): ReadonlyArray<View<K>> => docs.map(({ doc }) => Schema.decodeUnknownSync(views[kind])(doc)),
    catch: (cause) => new ReadSideUnavailable({ rule: "postgres-document", cause })
  })

type Where<K extends Kind> = Pick<Query<K>, "academyId" | "where" | "dateFrom" | "dateTo">

const summed = Struct.keys(Figures.fields).map((field) => `sum((doc ->> '${field}')::int)::float8 as "${field}"`).join(
  ", "
)

export const layer: Layer.Layer<ReadModels, never, SqlClient.SqlClient> = Layer.effect(
  ReadModels,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const table = (kind: Kind) => sql(`read.${kind}`)

    const equals = (kind: Kind, field: string, value: string): Statement.Fragment => {
      const fields: Readonly<Record<string, Schema.Top>> = views[kind].fields
      const schema = fields[field]
      if (schema === undefined) throw new Error(`${kind} has no field ${field}`)
      const name = sql.literal(`'${field}'`)
      return SchemaAST.isArrays(schema.ast)
        ? sql`doc -> ${name} @> ${JSON.stringify(value)}::jsonb`
        : sql`doc ->> ${name} = ${value}`
    }

    const conditions = <K extends Kind>(kind: K, query: Where<K>): ReadonlyArray<Statement.Fragment> => {
      const where: ReadonlyArray<readonly [string, string | undefined]> = Object.entries(query.where)
      return [
        sql`academy_id = ${query.academyId}`,
        ...where.flatMap(([field, value]) => value === undefined ? [] : [equals(kind, field, value)]),
        ...(query.dateFrom === undefined ? [] : [sql`doc ->> 'date' >= ${query.dateFrom}`]),
        ...(query.dateTo === undefined ? [] : [sql`doc ->> 'date' <= ${query.dateTo}`])
      ]
    }

    const beyond = <K extends Kind>(kind: K, { after, order }: Query<K>): ReadonlyArray<Statement.Fragment> => {
      if (after === undefined) return []
      const than = sql.literal(order === "ascending" ? ">" : "<")
      const field = sortedBy[kind]
      if (field === undefined) return [sql`id ${than} ${after}`]
      const { id, [field]: value } = placed(after)
      return [sql`(doc ->> ${sql.literal(`'${field}'`)}, id) ${than} (${value}, ${id})`]
    }

    const inOrder = <K extends Kind>(kind: K, order: Query<K>["order"]): Statement.Fragment => {
      const way = sql.literal(order === "ascending" ? "asc" : "desc")
      const field = sortedBy[kind]
      return field === undefined ? sql`id ${way}` : sql`doc ->> ${sql.literal(`'${field}'`)} ${way}, id ${way}`
    }

    /** The next page of ids, and what of it was last written below `asOf` declared gone. */
    const sweepFrom = (kind: Kind, asOf: number, after: string) =>
      sql<{ last: string | null }>`
        with page as (select id from ${table(kind)} where id > ${after} order by id limit ${sweepPage}),
        swept as (
          update ${table(kind)} as t set as_of = ${BigInt(asOf)}, doc = null, gone_at = now()
          from page where t.id = page.id and t.as_of < ${BigInt(asOf)} and t.gone_at is null)
        select max(id) as last from page`.pipe(within(limits.write), Effect.map(([row]) => row?.last ?? null))

    return ReadModels.of({
      put: Effect.fn("ReadModels.put")(function*<K extends Kind>(kind: K, documents: ReadonlyArray<Document<K>>) {
        if (documents.length === 0) return
        // Of an id named twice the newer one; in order of id, so that two batches never wait for each other.
        yield* sql`
          insert into ${table(kind)} as t (id, as_of, doc, gone_at)
          select distinct on (d.id) d.id, d.as_of, nullif(d.doc, 'null'), case when d.doc = 'null' then now() end
          from unnest(
            ${documents.map(({ id }) => id)}::text[], ${documents.map(({ asOf }) => BigInt(asOf))}::bigint[],
            ${documents.map(({ doc }) => JSON.stringify(doc))}::jsonb[]) as d(id, as_of, doc)
          order by d.id, d.as_of desc
          on conflict (id) do update set as_of = excluded.as_of, doc = excluded.doc, gone_at = excluded.gone_at
          where excluded.as_of > t.as_of`.pipe(within(limits.write))
      }),
      find: Effect.fn("ReadModels.find")(function*<K extends Kind>(kind: K, query: Query<K>) {
        const matching = query.name === undefined ? [] : [sql`doc ->> 'name' ~ ${query.name}`]
        const rows = yield* sql<{ doc: unknown }>`
          select doc from ${table(kind)}
          where ${sql.and([...conditions(kind, query), ...matching, ...beyond(kind, query)])}
          order by ${inOrder(kind, query.order)} limit ${query.limit}`.pipe(within(limits.read))
        return yield* decode(kind, rows)
      }),
      sum: Effect.fn("ReadModels.sum")(<K extends FigureKind>(kind: K, query: Where<K>) =>
        sql<DayFigures>`
          select doc ->> 'date' as date, ${sql.literal(summed)} from ${table(kind)}
          where ${sql.and(conditions(kind, query))} group by 1 order by 1`.pipe(within(limits.read))
      ),
      get: Effect.fn("ReadModels.get")(function*<K extends Kind>(kind: K, academyId: AcademyId, id: string) {
        const rows = yield* sql<{ doc: unknown }>`
          select doc from ${table(kind)} where id = ${id} and academy_id = ${academyId}`.pipe(within(limits.read))
        return Option.fromNullishOr((yield* decode(kind, rows))[0])
      }),
      sweep: Effect.fn("ReadModels.sweep")(function*(kind, asOf) {
        for (let last: string | null = ""; last !== null;) last = yield* sweepFrom(kind, asOf, last)
      }),
      prune: Effect.fn("ReadModels.prune")((goneFor) =>
        Effect.forEach(
          kinds,
          (kind) =>
            sql`delete from ${table(kind)} where gone_at <= now() - ${
              Duration.toSeconds(goneFor)
            }::float8 * interval '1 s'`
              .pipe(within(limits.write)),
          { discard: true }
        )
      ),
      epoch: sql<{ epoch: string }>`select epoch from read.epoch`.pipe(
        within(limits.read),
        Effect.map(([row]) => Option.fromNullishOr(row?.epoch))
      ),
      setEpoch: Effect.fn("ReadModels.setEpoch")((epoch) =>
        sql`insert into read.epoch (epoch) values (${epoch}) on conflict (only_row) do update set epoch = excluded.epoch`
          .pipe(within(limits.write), Effect.asVoid)
      )
    })
  })
)
