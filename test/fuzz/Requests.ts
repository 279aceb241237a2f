/** Requests as the document allows them, made by chance. */
import type { Chance } from "../chaos/Chance.ts"
import type { Operation } from "./Document.ts"
import { cursorOf, type Place } from "./Known.ts"
import { type Source, valueOf } from "./Values.ts"

export const callers = ["manager", "administrator", "teacher", "student", "parent"] as const
export type Caller = (typeof callers)[number]

/** A request before it is written down. */
export interface Meant {
  readonly operation: Operation
  readonly as: Caller
  readonly place: Place
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
  /** Undefined where there is none. */
  readonly body: unknown
}

/** A request as it goes out. */
export interface Asked {
  readonly operation: Operation
  /** In words, as in `/name is missing`. */
  readonly how: string
  /**
   * What may become of it. `taken`: the document allows it, so that it is at most refused for what there is. `refused`:
   * the document does not. `any`: the document cannot tell.
   */
  readonly expected: "taken" | "refused" | "any"
  readonly as: Caller
  readonly place: Place
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | undefined
}

export const addressOf = ({ operation, place, query }: Pick<Meant, "operation" | "place" | "query">): string => {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(place[name] ?? ""))
  const asked = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&")
  return asked === "" ? path : `${path}?${asked}`
}

const json = "application/json"

/** A body of another kind than JSON is a file: a text. */
export const isFile = ({ body }: Operation): boolean => body !== undefined && body.mediaType !== json
const typeOf = (operation: Operation): Asked["headers"] =>
  isFile(operation) ? { "content-type": operation.body?.mediaType ?? json } : {}
const bodyIn = ({ body, operation }: Meant) =>
  body === undefined ? undefined : isFile(operation) ? String(body) : JSON.stringify(body)

/** Upon whichever version: which one it is, only reading tells. */
const upon = ({ parameters }: Operation): Asked["headers"] =>
  parameters.some(({ in: place, name }) => place === "header" && name === "if-match") ? { "if-match": "*" } : {}

export const written = (
  meant: Meant,
  how: string,
  expected: Asked["expected"],
  { headers, ...changed }: Partial<Pick<Asked, "path" | "headers" | "body" | "method">> = {}
): Asked => ({
  operation: meant.operation,
  how,
  expected,
  as: meant.as,
  place: meant.place,
  method: meant.operation.method,
  path: addressOf(meant),
  headers: { ...upon(meant.operation), ...typeOf(meant.operation), ...headers },
  body: bodyIn(meant),
  ...changed
})

/** A good body, should somebody have written one down. */
export type Given = (operation: Operation) => { readonly params?: Place; readonly body: unknown } | undefined

const bodyOf = (source: Source, operation: Operation, given: ReturnType<Given>): unknown => {
  const { body } = operation
  if (body === undefined) return undefined
  if (given !== undefined) return given.body
  // Rules between fields are known to the validator only.
  const tries = Array.from({ length: 30 }, () => undefined)
  for (const _ of tries) {
    const made = valueOf(source, body.node, operation.id)
    if (body.fits(made).length === 0) return made
  }
  throw new Error(`no body for ${operation.id} was found that its own schema allows`)
}

const queryOf = (source: Source, operation: Operation, chance: Chance): Meant["query"] =>
  operation.parameters.filter((one) => one.in === "query").flatMap(({ name, node, required }) => {
    if (!required && chance.next() < 0.6) return []
    const value = name === "cursor" ? source.known.some(cursorOf(operation), chance) : valueOf(source, node, name)
    return value === undefined ? [] : [[name, String(value)] as const]
  })

/** A request that the document allows. */
export const documented = (source: Source, operation: Operation, as: Caller, given: Given): Meant => {
  const { chance, known } = source
  const names = operation.parameters.filter((one) => one.in === "path")
  const by = chance.next() < 0.5 ? given(operation) : undefined
  const found = { ...known.place(names.map(({ name }) => name), chance), ...by?.params }
  return {
    operation,
    as,
    place: Object.fromEntries(
      names.map(({ name, node }) => [name, found[name] ?? String(valueOf(source, node, name))])
    ),
    query: queryOf(source, operation, chance),
    body: bodyOf(source, operation, by)
  }
}
