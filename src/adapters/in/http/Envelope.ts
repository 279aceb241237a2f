/** The one shape of every answer: `{ data, meta }`. Lists carry where the next page begins. */
import { Effect, Redacted, Schema, SchemaAST } from "effect"
import { HttpApiSchema } from "effect/http-api"
import type { Page } from "../../../application/queries/Paging.ts"

export const One = <S extends Schema.Top>(data: S) =>
  Schema.Struct({ data, meta: Schema.Record(Schema.String, Schema.Never) })
export const Many = <S extends Schema.Top>(item: S) =>
  Schema.Struct({
    data: Schema.Array(item),
    meta: Schema.Struct({
      /** Pass it as `cursor` for the next page; null at the end. */
      nextCursor: Schema.NullOr(Schema.String)
    })
  })

/**
 * Where in a value there is a text that would not come back as it was meant: PostgreSQL refuses NUL and changes half of
 * a surrogate pair; U+FFFD is what is left of bytes that were not UTF-8.
 */
const unkeepable = (value: unknown, path: ReadonlyArray<string | number> = []): ReadonlyArray<Schema.FilterIssue> => {
  if (typeof value === "string") {
    return value.isWellFormed() && !/[\0\ufffd]/.test(value)
      ? []
      : [{ path, issue: "Expected a text in UTF-8, without NUL and lone surrogates" }]
  }
  if (Redacted.isRedacted(value)) return unkeepable(Redacted.value(value), path)
  if (Array.isArray(value)) return value.flatMap((one, index) => unkeepable(one, [...path, index]))
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, one]) => unkeepable(one, [...path, name]))
    : []
}

/** In the words of whoever decides. */
export const Reason = Schema.NonEmptyString.check(Schema.isMaxLength(500))

/** What a caller sends. */
export const Body = <S extends Schema.Top>(schema: S): S["Rebuild"] =>
  schema.check(Schema.makeFilter((value) => unkeepable(value)))

/** Marks the answer of what creates something: a client may send it again, with the same `Idempotency-Key`. */
const creating = "ams/creating"
export const creates = ({ ast }: Schema.Top): boolean => SchemaAST.resolveAt<boolean>(creating)(ast) === true

/** 201 with where the new thing is, and its version if it has one. */
export const Created = <S extends Schema.Top>(data: S) =>
  HttpApiSchema.WithHeaders(One(data).pipe(HttpApiSchema.status(201)), {
    location: Schema.String,
    etag: Schema.optionalKey(Schema.String)
  }).annotate({ [creating]: true })

/** 202 with where to see what becomes of it. */
export const Accepted = <S extends Schema.Top>(data: S) =>
  HttpApiSchema.WithHeaders(One(data).pipe(HttpApiSchema.status(202)), { location: Schema.String })

/** The same for what is created and goes on by itself. */
export const Begun = <S extends Schema.Top>(data: S) => Accepted(data).annotate({ [creating]: true })

/** The thing with its version as `ETag`. */
export const Versioned = <S extends Schema.Top>(data: S) =>
  HttpApiSchema.WithHeaders(One(data), { etag: Schema.String })

export const one = <A>(data: A) => ({ data, meta: {} })

const tagOf = (version: number) => `"${version}"`
/** `of`: whose version it is, where it is not the answer's own. */
export const versioned = <A>(data: A, of: { readonly version: number }) =>
  HttpApiSchema.withHeaders({ body: one(data), headers: { etag: tagOf(of.version) } })
export const itself = <A extends { readonly version: number }>(data: A) => versioned(data, data)

export const created = <A extends object>(data: A, location: string) =>
  HttpApiSchema.withHeaders({
    body: one(data),
    headers: {
      location,
      ...("version" in data && typeof data.version === "number" ? { etag: tagOf(data.version) } : {})
    }
  })
export const accepted = <A>(data: A, location: string) =>
  HttpApiSchema.withHeaders({ body: one(data), headers: { location } })

/** Opaque to callers: the place of a page's last one. */
const cursorBy = (place: RegExp) =>
  Schema.StringFromBase64Url.check(Schema.isPattern(place, { expected: "the nextCursor of another page" }))
const encodeCursor = Schema.encodeSync(Schema.StringFromBase64Url)

export const limits = { minimum: 1, maximum: 100, default: 20 }
/** Pages of a list whose places look like this. */
export const pagingBy = (place: RegExp) => ({
  limit: Schema.Int.check(Schema.isBetween(limits)).pipe(Schema.withDecodingDefault(Effect.succeed(limits.default))),
  cursor: Schema.optional(cursorBy(place))
})
/** The places of most lists are ids. */
export const paging = pagingBy(/^[0-9a-f:-]{1,80}$/)
/** The cursor of a list whose ids are all of one kind. */
export const cursorOf = <Id extends Schema.Codec<string, string>>(id: Id) =>
  Schema.optionalKey(Schema.StringFromBase64Url.pipe(Schema.decodeTo(id)))

export const pageOf = <Id extends string>(query: { readonly limit: number; readonly cursor?: Id | undefined }) => ({
  limit: query.limit,
  ...(query.cursor === undefined ? {} : { after: query.cursor })
})
export const many = <A, B>(page: Page<A>, shape: (item: A) => B) => ({
  data: page.items.map(shape),
  meta: { nextCursor: page.next === null ? null : encodeCursor(page.next) }
})
