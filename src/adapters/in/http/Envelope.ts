/** The one shape of every answer: `{ data, meta }`. Lists carry where the next page begins. */
import { Effect, Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import type { Page } from "../../../application/queries/Queries.ts"

export const One = <S extends Schema.Top>(data: S) => Schema.Struct({ data, meta: Schema.Struct({}) })
export const Many = <S extends Schema.Top>(item: S) =>
  Schema.Struct({
    data: Schema.Array(item),
    meta: Schema.Struct({
      /** Pass it as `cursor` for the next page; null at the end. */
      nextCursor: Schema.NullOr(Schema.String)
    })
  })

/** 201 with where the new thing is. */
export const Created = <S extends Schema.Top>(data: S) =>
  HttpApiSchema.WithHeaders(One(data).pipe(HttpApiSchema.status(201)), { location: Schema.String })

export const one = <A>(data: A) => ({ data, meta: {} })
export const created = <A>(data: A, location: string) =>
  HttpApiSchema.withHeaders({ body: one(data), headers: { location } })

/** Opaque to callers: the last id of a page. */
const Cursor = Schema.StringFromBase64Url.check(Schema.isMaxLength(80))
const encodeCursor = Schema.encodeSync(Cursor)

/** `limit` 1 to 100, by default 20. */
export const paging = {
  limit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })).pipe(
    Schema.withDecodingDefault(Effect.succeed(20))
  ),
  cursor: Schema.optional(Cursor)
}
export const pageOf = (query: { readonly limit: number; readonly cursor?: string | undefined }) => ({
  limit: query.limit,
  ...(query.cursor === undefined ? {} : { after: query.cursor })
})
export const many = <A, B>(page: Page<A>, shape: (item: A) => B) => ({
  data: page.items.map(shape),
  meta: { nextCursor: page.next === null ? null : encodeCursor(page.next) }
})
