/** What `/openapi.json` says: the operations there are, what each takes, and what each may answer. */
import { fullFormats } from "ajv-formats/dist/formats.js"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Schema } from "effect"

/** The part of JSON Schema that a generator looks at; the validator knows all of it. */
export interface Node {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly const?: unknown
  readonly anyOf?: ReadonlyArray<Node>
  readonly oneOf?: ReadonlyArray<Node>
  readonly allOf?: ReadonlyArray<Node>
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: boolean | Node
  readonly minProperties?: number
  readonly prefixItems?: ReadonlyArray<Node>
  readonly items?: boolean | Node
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly examples?: ReadonlyArray<unknown>
}
const Self = Schema.suspend((): Schema.Codec<Node> => NodeSchema)
const NodeSchema: Schema.Codec<Node> = Schema.Struct({
  $ref: Schema.optionalKey(Schema.String),
  type: Schema.optionalKey(Schema.String),
  enum: Schema.optionalKey(Schema.Array(Schema.Unknown)),
  const: Schema.optionalKey(Schema.Unknown),
  anyOf: Schema.optionalKey(Schema.Array(Self)),
  oneOf: Schema.optionalKey(Schema.Array(Self)),
  allOf: Schema.optionalKey(Schema.Array(Self)),
  properties: Schema.optionalKey(Schema.Record(Schema.String, Self)),
  required: Schema.optionalKey(Schema.Array(Schema.String)),
  additionalProperties: Schema.optionalKey(Schema.Union([Schema.Boolean, Self])),
  minProperties: Schema.optionalKey(Schema.Int),
  prefixItems: Schema.optionalKey(Schema.Array(Self)),
  items: Schema.optionalKey(Schema.Union([Schema.Boolean, Self])),
  minItems: Schema.optionalKey(Schema.Int),
  maxItems: Schema.optionalKey(Schema.Int),
  minLength: Schema.optionalKey(Schema.Int),
  maxLength: Schema.optionalKey(Schema.Int),
  pattern: Schema.optionalKey(Schema.String),
  format: Schema.optionalKey(Schema.String),
  minimum: Schema.optionalKey(Schema.Finite),
  maximum: Schema.optionalKey(Schema.Finite),
  examples: Schema.optionalKey(Schema.Array(Schema.Unknown))
})

const Media = Schema.Struct({ schema: NodeSchema })
const Header = Schema.Struct({ required: Schema.optionalKey(Schema.Boolean) })
const Response = Schema.Struct({
  $ref: Schema.optionalKey(Schema.String),
  content: Schema.optionalKey(Schema.Record(Schema.String, Media)),
  headers: Schema.optionalKey(Schema.Record(Schema.String, Header))
})
const Parameter = Schema.Struct({
  name: Schema.String,
  in: Schema.Literals(["path", "query", "header"]),
  required: Schema.Boolean,
  schema: NodeSchema
})
const OpenApi = Schema.Struct({
  paths: Schema.Record(
    Schema.String,
    Schema.Record(
      Schema.String,
      Schema.Struct({
        operationId: Schema.String,
        tags: Schema.NonEmptyArray(Schema.String),
        parameters: Schema.Array(Parameter),
        security: Schema.Array(Schema.Unknown),
        requestBody: Schema.optionalKey(Schema.Struct({ content: Schema.Record(Schema.String, Media) })),
        responses: Schema.Record(Schema.String, Response)
      })
    )
  ),
  components: Schema.Struct({
    schemas: Schema.Record(Schema.String, NodeSchema),
    responses: Schema.optionalKey(Schema.Record(Schema.String, Response))
  })
})

/** What is wrong with a value; nothing when it fits. */
export type Fits = (value: unknown) => ReadonlyArray<string>

export interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly required: boolean
  readonly node: Node
  readonly fits: Fits
}

export interface Answerable {
  /** By media type. */
  readonly content: ReadonlyMap<string, Fits>
  /** Names of headers that are always there. */
  readonly headers: ReadonlyArray<string>
}

export interface Operation {
  readonly id: string
  /** Its group, as in `members`. */
  readonly tag: string
  /** In capitals. */
  readonly method: string
  /** With its parameters in braces. */
  readonly path: string
  readonly secured: boolean
  readonly parameters: ReadonlyArray<Parameter>
  readonly body: { readonly mediaType: string; readonly node: Node; readonly fits: Fits } | undefined
  readonly answers: ReadonlyMap<number, Answerable>
}

export interface Document {
  readonly operations: ReadonlyArray<Operation>
  /** A node without references and conjunctions at its top. */
  readonly resolved: (node: Node) => Node
  /** Of a problem of whatever status, as the components say. */
  readonly problem: Fits
}

const token = (name: string) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"))
const pointer = (...path: ReadonlyArray<string>) => `#/${path.map(token).join("/")}`

/** Server-sent events as they came, each with its data as the text that it is. */
export const eventsIn = (text: string): ReadonlyArray<Readonly<Record<string, string>>> =>
  text.split("\n\n").filter((one) => one !== "").map((one) =>
    Object.fromEntries(
      one.split("\n").map((line) => {
        const [name = "", ...rest] = line.split(": ")
        return [name, rest.join(": ")]
      })
    )
  )

/** Reads a document. Fails where it is not OpenAPI as AMS writes it, or names a schema that is none. */
export const read = (json: unknown): Document => {
  const spec = Schema.decodeUnknownSync(OpenApi)(json)
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, formats: fullFormats })
  ajv.addSchema(Object(json), "ams")

  const fitting = (at: string): Fits => {
    const validate = ajv.compile({ $ref: `ams${at}` })
    return (value) =>
      validate(value) ? [] : (validate.errors ?? []).map((one) => `${one.instancePath || "/"} ${one.message ?? ""}`)
  }
  const schemas = new Map<string, Fits>()
  /** Compiled when it is first asked. */
  const fits = (...path: ReadonlyArray<string>): Fits => (value) => {
    const at = pointer(...path)
    const known = schemas.get(at) ?? fitting(at)
    schemas.set(at, known)
    return known(value)
  }

  const resolved = (node: Node): Node => {
    if (node.$ref !== undefined) {
      const { $ref, ...rest } = node
      const target = spec.components.schemas[$ref.split("/").at(-1) ?? ""]
      return resolved({ ...target, ...rest })
    }
    if (node.allOf === undefined) return node
    const { allOf, ...rest } = node
    return allOf.map(resolved).reduce<Node>((all, one) => ({ ...all, ...one }), rest)
  }

  /** A stream's schema says what one event is, and each kind of event what its data is. */
  const events = (node: Node, path: ReadonlyArray<string>): Fits => {
    const one = fits(...path)
    const kinds = node.anyOf ?? []
    return (text) =>
      eventsIn(String(text)).flatMap((event) => {
        const kind = kinds.findIndex(({ properties }) => properties?.["event"]?.enum?.includes(event["event"]) === true)
        const data = fits(...path, "anyOf", String(kind), "properties", "data", "contentSchema")
        return kind < 0 ? [`/event ${event["event"]} is none`] : [...one(event), ...data(parsed(event["data"] ?? ""))]
      })
  }

  const answers = (
    path: string,
    method: string,
    responses: typeof OpenApi.Type["paths"][string][string]["responses"]
  ) =>
    new Map(
      Object.entries(responses).map(([status, given]): [number, Answerable] => {
        const name = given.$ref?.split("/").at(-1)
        const at = name === undefined ? ["paths", path, method, "responses", status] : ["components", "responses", name]
        const response = name === undefined ? given : spec.components.responses?.[name]
        const content = Object.entries(response?.content ?? {}).map(([type, { schema }]): [string, Fits] => {
          const here = [...at, "content", type, "schema"]
          if (type.includes("json")) return [type, fits(...here)]
          return [type, type === "text/event-stream" ? events(schema, here) : () => []]
        })
        const headers = Object.entries(response?.headers ?? {}).filter(([, { required }]) => required === true)
        return [Number(status), { content: new Map(content), headers: headers.map(([name]) => name.toLowerCase()) }]
      })
    )

  const operations = Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, given]): Operation => {
      const at = ["paths", path, method]
      const [[mediaType, body] = ["", undefined]] = Object.entries(given.requestBody?.content ?? {})
      return {
        id: given.operationId,
        tag: given.tags[0],
        method: method.toUpperCase(),
        path,
        secured: given.security.length > 0,
        parameters: given.parameters.map((one, index) => ({
          name: one.name,
          in: one.in,
          required: one.required,
          node: one.schema,
          fits: fits(...at, "parameters", String(index), "schema")
        })),
        body: body === undefined
          ? undefined
          : { mediaType, node: body.schema, fits: fits(...at, "requestBody", "content", mediaType, "schema") },
        answers: answers(path, method, given.responses)
      }
    })
  )
  return { operations, resolved, problem: fits("components", "schemas", "Problem") }
}

/** What a text says in JSON; undefined when it says nothing. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
