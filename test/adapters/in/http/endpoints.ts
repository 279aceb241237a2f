/** Every endpoint of the API, read from the API itself: a new one is tested without being named here. */
import { SchemaAST } from "effect"
import { HttpApi, HttpApiSchema } from "effect/http-api"
import { Api } from "../../../../src/adapters/in/http/Api.ts"
import { Auth } from "../../../../src/adapters/in/http/Auth.ts"
import { mediaTypes } from "../../../../src/adapters/in/http/ExportApi.ts"
import { keyHeader, takesKey } from "../../../../src/adapters/in/http/Idempotent.ts"

export interface Endpoint {
  /** As in `members.create`. */
  readonly name: string
  readonly method: string
  readonly path: string
  /** True where a token is needed. */
  readonly secured: boolean
  readonly params: ReadonlyArray<string>
  readonly query: ReadonlyArray<string>
  readonly headers: ReadonlyArray<string>
  /** Of a good answer. */
  readonly answerHeaders: ReadonlyArray<string>
  /** Its body's fields; none where it takes no JSON. */
  readonly body: ReadonlyArray<string> | undefined
  /** Of its body, should it have one. */
  readonly takes: string | undefined
  /** Nothing in its body has to be said. */
  readonly mayBeEmpty: boolean
  /** Of a good answer. */
  readonly status: number
  /** Of a good answer. */
  readonly mediaTypes: ReadonlyArray<string>
  /** It answers with server-sent events. */
  readonly stream: boolean
}

const allOptional = (schema: { readonly ast: SchemaAST.AST } | undefined): boolean => {
  const ast = schema === undefined ? undefined : SchemaAST.toEncoded(schema.ast)
  return ast !== undefined && SchemaAST.isObjects(ast) &&
    ast.propertySignatures.every(({ type }) => SchemaAST.isOptional(type))
}

const fieldsOf = (schema: { readonly ast: SchemaAST.AST } | undefined): ReadonlyArray<string> => {
  const ast = schema === undefined ? undefined : SchemaAST.toEncoded(schema.ast)
  return ast !== undefined && SchemaAST.isObjects(ast) ? ast.propertySignatures.map(({ name }) => String(name)) : []
}

export const endpoints: ReadonlyArray<Endpoint> = (() => {
  const found: Array<Endpoint> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group, successes }) => {
      const [[takes, payload] = [undefined, undefined]] = endpoint.payload
      const json = takes === "application/json" ? payload?.schemas[0] : undefined
      // Streams are not among the successes that are sent as a whole.
      const [status] = successes.keys()
      const stream = status === undefined && group.identifier !== "exports"
      found.push({
        name: `${group.identifier}.${endpoint.identifier}`,
        method: endpoint.method,
        path: endpoint.path,
        secured: [...endpoint.middlewares].some(({ key }) => key === Auth.key),
        params: fieldsOf(endpoint.params),
        query: fieldsOf(endpoint.query),
        headers: [...new Set([...fieldsOf(endpoint.headers), ...(takesKey(endpoint) ? [keyHeader] : [])])],
        answerHeaders: [...endpoint.success].flatMap((schema) =>
          HttpApiSchema.isWithHeaders(schema) ? fieldsOf(schema.headers) : []
        ),
        body: json === undefined ? undefined : fieldsOf(json),
        takes,
        mayBeEmpty: allOptional(json),
        status: status ?? 200,
        stream,
        mediaTypes: stream
          ? ["text/event-stream"]
          : group.identifier === "exports"
          ? Object.values(mediaTypes)
          : ["application/json"]
      })
    }
  })
  return found
})()

const someId = "0199aaaa-0000-7000-8000-000000000001"
/** Parameters that are no ids. */
const names: Readonly<Record<string, string>> = {
  handler: "Statistics",
  date: "2099-05-05",
  month: "2026-10",
  channel: "SMS",
  kind: "members"
}

/** The endpoint's address, an id of nothing for each parameter that is not given. */
export const address = (endpoint: Endpoint, given: Readonly<Record<string, string>> = {}, query = "") =>
  endpoint.path.replace(/:(\w+)/g, (_, name: string) => given[name] ?? names[name] ?? someId) + query

/** What a caller who has seen nothing must say all the same. */
export const whatever = ({ headers, takes }: Endpoint): Readonly<Record<string, string>> => ({
  ...(headers.includes("if-match") ? { "if-match": "*" } : {}),
  ...(takes === undefined || takes === "application/json" ? {} : { "content-type": takes })
})
