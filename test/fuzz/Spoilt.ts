/** Requests against the document: good ones with one thing wrong, or odd. */
import type { Chance } from "../chaos/Chance.ts"
import { type Fits, parsed } from "./Document.ts"
import { authorizations, headers, inAddress, literals } from "./Oddities.ts"
import { addressOf, type Asked, isFile, type Meant, written } from "./Requests.ts"

const names = Object.keys(literals)

type Path = ReadonlyArray<string | number>
const mark = "@here@"

/** Every place in a value but the whole. */
const places = (value: unknown, path: Path = []): ReadonlyArray<Path> =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([name, one]) => {
      const here = [...path, Array.isArray(value) ? Number(name) : name]
      return [here, ...places(one, here)]
    })

/** The same, but for what stands at the path; `undefined` takes it away. */
const having = (value: unknown, [first, ...rest]: Path, put: unknown): unknown => {
  if (first === undefined) return put
  if (Array.isArray(value)) return value.map((one, index) => (index === first ? having(one, rest, put) : one))
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, name === first ? having(one, rest, put) : one])
    )
    : value
}
const objects = (value: unknown): ReadonlyArray<Path> =>
  [[], ...places(value)].filter((path) => {
    const there = path.reduce<unknown>((one, name) => Object(one)[name], value)
    return typeof there === "object" && there !== null && !Array.isArray(there)
  })

/** A text is refused unless it is JSON that the schema allows; where that is all there is to say, anything may come of it. */
const expectedOf = (text: string, fits: Fits): Asked["expected"] => {
  const value = parsed(text.replace(/^\ufeff/, ""))
  return value === undefined || fits(value).length > 0 ? "refused" : "any"
}

const bodies = (meant: Meant, fits: Fits, chance: Chance, each: number): ReadonlyArray<Asked> => {
  const text = JSON.stringify(meant.body)
  const asText = (how: string, body: string) => written(meant, how, expectedOf(body, fits), { body })
  const json = { "content-type": "application/json" }
  const wrong = places(meant.body).flatMap((path) => {
    const template = JSON.stringify(having(meant.body, path, mark))
    return chance.shuffled(names).slice(0, each).map((name) =>
      asText(`body /${path.join("/")} is ${name}`, template.replace(`"${mark}"`, () => literals[name] ?? ""))
    )
  })
  const missing = places(meant.body).map((path) =>
    asText(`body /${path.join("/")} is missing`, JSON.stringify(having(meant.body, path, undefined)))
  )
  const extra = objects(meant.body).flatMap((path) =>
    ["nonsense", "__proto__", "constructor", "id", "academyId"].map((name) => {
      const template = JSON.stringify(having(meant.body, path, mark))
      const there = JSON.stringify(path.reduce<unknown>((one, part) => Object(one)[part], meant.body))
      const more = `${there.slice(0, -1)}${there === "{}" ? "" : ","}"${name}":1}`
      return asText(`body /${[...path, name].join("/")} is too much`, template.replace(`"${mark}"`, () => more))
    })
  )
  const doubled = Object.keys(Object(meant.body)).flatMap((name) => [
    asText(`body has ${name} twice`, `{"${name}":0,${text.slice(1)}`),
    asText(`body has ${name} twice, the second one wrong`, `${text.slice(0, -1)},"${name}":{"x":[]}}`)
  ])
  const bytes = Buffer.from(text)
  return [
    ...chance.shuffled([...missing, ...extra, ...doubled]).slice(0, 4 * each),
    ...chance.shuffled(wrong).slice(0, 6 * each),
    ...["", "null", "[]", "42", "\"text\"", "true", `[${text}]`, `${text}${text}`, `\ufeff${text}`, ` ${text}\n`].map(
      (body) => asText(`body is ${JSON.stringify(body).slice(0, 20)}`, body)
    ),
    asText("body breaks off", text.slice(0, 1 + chance.below(text.length - 1))),
    written(meant, "there is no body", "refused", { body: undefined, headers: json }),
    written(meant, "body ends in half of a character", "refused", {
      body: Buffer.concat([bytes, Buffer.from([0xf0, 0x9f])])
    }),
    written(meant, "body is in UTF-16", "refused", { body: Buffer.from(text, "utf16le") }),
    ...["text/plain", "application/xml", "multipart/form-data", "application/x-www-form-urlencoded", "json"].map((
      type
    ) => written(meant, `body is ${type}`, "refused", { headers: { "content-type": type } })),
    ...["application/json; charset=utf-16", "application/json;;", "APPLICATION/JSON"].map((type) =>
      written(meant, `body is ${type}`, "any", { headers: { "content-type": type } })
    )
  ]
}

/** What is no such file; what stands in one is looked at behind the schema. */
const files = (meant: Meant, chance: Chance): ReadonlyArray<Asked> => [
  ...["application/json", "text/plain", "multipart/form-data", "csv"].map((type) =>
    written(meant, `file is ${type}`, "refused", { headers: { "content-type": type } })
  ),
  ...["text/csv; charset=euc-kr", "TEXT/CSV"].map((type) =>
    written(meant, `file is ${type}`, "any", { headers: { "content-type": type } })
  ),
  ...[...Object.keys(literals), "\"", "a,a\n", "\0", "=1+1", ",".repeat(100_000), "a\n".repeat(10_000)].map((text) =>
    written(meant, `file is ${text.slice(0, 20)}`, "any", { body: text })
  ),
  ...["utf16le", "latin1"].map((encoding) =>
    written(meant, `file is in ${encoding}`, "any", {
      body: Buffer.from(String(meant.body), encoding === "latin1" ? "latin1" : "utf16le")
    })
  ),
  written(meant, "file is rubbish", "any", { body: Uint8Array.from({ length: 1_000 }, () => chance.below(256)) }),
  written(meant, "file is empty", "any", { body: "" })
]

const decoded = (text: string) => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return undefined
  }
}

/** What cannot be decoded is nowhere in a path, and itself in a query. */
const addresses = (meant: Meant, chance: Chance, each: number): ReadonlyArray<Asked> => {
  const { operation, place, query } = meant
  const refusedUnless = (fits: Fits, value: string | undefined, number = false): Asked["expected"] =>
    value === undefined || fits(number && value !== "" ? Number(value) : value).length > 0 ? "refused" : "any"
  const path = operation.parameters.filter((one) => one.in === "path").flatMap(({ fits, name }) =>
    chance.shuffled(inAddress).slice(0, each).map((text) => {
      const there = addressOf({ operation, place: { ...place, [name]: mark }, query })
      const expected = refusedUnless(fits, decoded(text))
      return written(meant, `path ${name} is ${text.slice(0, 40)}`, expected, {
        path: there.replace(encodeURIComponent(mark), () => text)
      })
    })
  )
  const asked = (pairs: ReadonlyArray<readonly [string, string]>) => {
    const address = addressOf({ operation, place, query: [] })
    return pairs.length === 0 ? address : `${address}?${pairs.map(([name, value]) => `${name}=${value}`).join("&")}`
  }
  const encoded = query.map(([name, value]) => [name, encodeURIComponent(value)] as const)
  const without = (name: string) => encoded.filter(([one]) => one !== name)
  const inQuery = operation.parameters.filter((one) => one.in === "query").flatMap(({ fits, name, node, required }) => [
    ...chance.shuffled(["", ...inAddress]).slice(0, each).map((text) =>
      written(
        meant,
        `query ${name} is ${text.slice(0, 40)}`,
        refusedUnless(fits, decoded(text) ?? text, node.type === "integer"),
        {
          path: asked([...without(name), [name, text]])
        }
      )
    ),
    written(meant, `query ${name} comes twice`, "refused", {
      path: asked([...without(name), [name, "1"], [name, "1"]])
    }),
    ...(required ? [written(meant, `query ${name} is missing`, "refused", { path: asked(without(name)) })] : [])
  ])
  // Who has no filters ignores them.
  const unknown = operation.parameters.some((one) => one.in === "query") ? "refused" : "any"
  return [
    ...path,
    ...inQuery,
    written(meant, "query has one that is not known", unknown, { path: asked([...encoded, ["nonsense", "1"]]) }),
    written(meant, "query is rubbish", "any", { path: `${asked([])}?%00&=&%ff=%ff&&a[b]=c` }),
    written(meant, "query is 10 kB", unknown, { path: asked([...encoded, ["x", "y".repeat(10_000)]]) })
  ]
}

/** Requests that have one thing wrong; about `each` of a kind. */
export const spoilt = (meant: Meant, chance: Chance, each: number): ReadonlyArray<Asked> => {
  const { operation } = meant
  return [
    ...(operation.body === undefined
      ? []
      : isFile(operation)
      ? files(meant, chance)
      : bodies(meant, operation.body.fits, chance, each)),
    ...addresses(meant, chance, each),
    ...(operation.secured ? chance.shuffled(authorizations).slice(0, each) : []).map((authorization) =>
      written(meant, `authorization is ${authorization.slice(0, 40)}`, "refused", { headers: { authorization } })
    ),
    ...chance.shuffled(headers).slice(0, 2 * each).map(([name, value]) =>
      written(meant, `${name} is ${value.slice(0, 40)}`, "any", { headers: { [name]: value } })
    )
  ]
}

/** Requests that never reach an operation for their size. */
export const tooLarge = (meant: Meant): ReadonlyArray<Asked> => [
  written(meant, "headers are over 16 KiB", "refused", { headers: { x: "x".repeat(17 * 1024) } }),
  ...(meant.operation.body === undefined
    ? []
    : isFile(meant.operation)
    ? [written(meant, "file is over 5 MiB", "refused", { body: "x".repeat(6 * 2 ** 20) })]
    : [written(meant, "body is over 1 MiB", "refused", { body: JSON.stringify({ text: "x".repeat(2 ** 21) }) })])
]
