/** What the endpoints' schemas do not say of themselves, written into OpenAPI. */
import { academyHeader } from "./Auth.ts"
import { limits } from "./Envelope.ts"
import { contentType, titles } from "./Problem.ts"

/** Answered around every operation, before or instead of it: see `Server.ts` and `Middleware.ts`. */
const always = [408, 417, 431, 500, 504]
/** Only where a body is read. */
const ofBodies = [413, 415]

const nameOf = (status: number) => (titles[status] ?? "").replaceAll(" ", "")
const referring = (statuses: ReadonlyArray<number>) =>
  Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/${nameOf(status)}` }]))

const responses = Object.fromEntries([...always, ...ofBodies].map((status) => [nameOf(status), {
  description: titles[status],
  content: {
    [contentType]: { schema: { $ref: "#/components/schemas/Problem", properties: { status: { const: status } } } }
  }
}]))

/** The first that is not null. */
const said = (schemas: ReadonlyArray<{ readonly type?: string }>) => schemas.find(({ type }) => type !== "null")

const academy = {
  name: academyHeader,
  in: "header",
  description: "The academy that an administrator's request is about. Everybody else has an own one.",
  schema: { type: "string", format: "uuid" },
  required: false
}

interface Operation {
  readonly parameters: ReadonlyArray<object>
  readonly responses: Readonly<Record<string, { readonly headers?: { readonly etag?: unknown } }>>
}
interface Path {
  readonly get?: Operation
  readonly post?: Operation
}

/** For a client that does not know what became of its request: 16 to 255 visible ASCII characters, such as a UUID. */
const idempotencyKey = { name: "idempotency-key", in: "header", required: false, schema: { type: "string" } }
/** What creates takes a key that is not its own affair. */
const repeatable = (name: string, { post }: Path) =>
  post?.responses["201"] === undefined || name.startsWith("/api/v1/auth/")
    ? {}
    : { post: { ...post, parameters: [...post.parameters, idempotencyKey] } }

/** For a client that has a thing already, and what it is told then. */
const ifNoneMatch = { name: "if-none-match", in: "header", required: false, schema: { type: "string" } }
const unchanged = { description: "Not Modified", headers: { etag: { required: true, schema: { type: "string" } } } }
const conditional = ({ get }: Path) =>
  get?.responses["200"]?.headers?.etag === undefined ? {} : {
    get: {
      ...get,
      parameters: [...get.parameters, ifNoneMatch],
      responses: { ...get.responses, 304: unchanged }
    }
  }

/**
 * Each status stands with each operation that may answer it. A `default` response would document every status there is,
 * and no answer could differ from it.
 */
export const document = (spec: object) =>
  JSON.parse(JSON.stringify(spec), (name, part) => {
    // In the address a number is a text.
    if (part?.in === "query" && part.name === "limit") return { ...part, schema: { type: "integer", ...limits } }
    // Nor can it say null: what is optional there is left out.
    if (part?.in === "query" && part.schema.anyOf !== undefined) return { ...part, schema: said(part.schema.anyOf) }
    if (name.startsWith("/")) return { ...part, ...repeatable(name, part), ...conditional(part) }
    if (part?.operationId !== undefined) {
      const met = [...always, ...(part.requestBody === undefined ? [] : ofBodies)]
      return {
        ...part,
        parameters: [...part.parameters, ...(part.security.length > 0 ? [academy] : [])],
        responses: { ...part.responses, ...referring(met) }
      }
    }
    return name === "components" ? { ...part, responses } : part
  })
