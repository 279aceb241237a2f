/** Entity tags: what a caller has seen, and whether it is still so (RFC 9110, section 13). */
import { Data, Effect, Schema } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpServerResponse } from "effect/http"
import type { Seen } from "../../../domain/Version.ts"

/** A change must say upon what it builds. */
export class PreconditionMissing extends Data.TaggedError("PreconditionMissing")<{}> {}

/** The header of what changes a thing that has a version. */
export const ifMatch = { "if-match": Schema.optionalKey(Schema.String) }

const tags = (list: string) => list.split(",").map((tag) => tag.trim())

/** What the caller has seen. A weak tag, or one that was never ours, is no version of anything. */
export const seen = (headers: { readonly "if-match"?: string }): Effect.Effect<Seen, PreconditionMissing> => {
  const list = headers["if-match"]
  if (list === undefined) return Effect.fail(new PreconditionMissing())
  if (list.trim() === "*") return Effect.succeed("any")
  return Effect.succeed(tags(list).flatMap((tag) => (/^"\d{1,9}"$/.test(tag) ? [Number(tag.slice(1, -1))] : [])))
}

const isRead = (method: string) => method === "GET" || method === "HEAD"

/** 304 for who has it already. */
export const unlessSeen = (
  { headers, method }: Pick<HttpServerRequest.HttpServerRequest, "headers" | "method">,
  answer: HttpServerResponse.HttpServerResponse
): HttpServerResponse.HttpServerResponse => {
  const [list, etag] = [headers["if-none-match"], answer.headers["etag"]]
  if (!isRead(method) || answer.status !== 200 || list === undefined || etag === undefined) return answer
  const known = tags(list).some((tag) => tag === "*" || tag.replace(/^W\//, "") === etag)
  return known ? HttpServerResponse.empty({ status: 304, headers: { etag } }) : answer
}
