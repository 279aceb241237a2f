/** Is an answer as the document says, and as every answer of AMS has to be? */
import { Schema } from "effect"
import { inside, Problem } from "../adapters/in/http/problem.ts"
import type { Answer } from "../support/http.ts"
import type { Answerable, Document } from "./Document.ts"
import type { Asked } from "./Requests.ts"

const isProblem = Schema.is(Problem)

/** Which promise of the document, or of AMS, is broken. */
export type Rule =
  | "it is answered"
  | "no answer of 5xx"
  | "its status is documented"
  | "its media type is documented"
  | "its body fits"
  | "its headers are there"
  | "it is a problem as all are"
  | "it tells nothing of the inside"
  | "what is not documented is refused"
  | "what is documented is taken"
  | "nothing is left to be done by anybody"
  | "a refused request changes nothing"

export interface Fault {
  readonly rule: Rule
  readonly found: string
}

const mediaTypeOf = ({ headers }: Answer) => headers["content-type"] ?? ""

const body = (answerable: Answerable, answer: Answer): ReadonlyArray<Fault> => {
  const fits = answerable.content.get(mediaTypeOf(answer))
  if (fits === undefined) {
    return answerable.content.size === 0 && answer.text === ""
      ? []
      : [{ rule: "its media type is documented", found: mediaTypeOf(answer) }]
  }
  const found = fits(mediaTypeOf(answer).includes("json") ? answer.json : answer.text)
  return found.length === 0 ? [] : [{ rule: "its body fits", found: found.join(", ") }]
}

const headers = (answerable: Answerable, answer: Answer): ReadonlyArray<Fault> => {
  const away = answerable.headers.filter((name) => answer.headers[name] === undefined)
  return away.length === 0 ? [] : [{ rule: "its headers are there", found: `no ${away.join(", ")}` }]
}

/** As RFC 9457 and we say, and about this request. */
const problem = (document: Document, { json, status, ...answer }: Answer): ReadonlyArray<Fault> => {
  const away = [
    ...document.problem(json),
    ...(isProblem(json) ? [] : ["not the fields of a problem"]),
    ...(mediaTypeOf({ json, status, ...answer }) === "application/problem+json" ? [] : ["not problem+json"]),
    ...(isProblem(json) && json.status !== status ? [`it says ${json.status}`] : [])
  ]
  const told = inside.exec(answer.text)?.[0]
  return [
    ...(away.length === 0 ? [] : [{ rule: "it is a problem as all are", found: away.join(", ") } as const]),
    ...(told === undefined ? [] : [{ rule: "it tells nothing of the inside", found: told } as const])
  ]
}

const outcome = ({ expected }: Asked, { json, status }: Answer): ReadonlyArray<Fault> => {
  if (expected === "refused" && status < 400) return [{ rule: "what is not documented is refused", found: "taken" }]
  const validated = isProblem(json) && json.errorCode === "COMMON_VALIDATION_FAILED"
  if (expected === "taken" && (validated || [405, 413, 415, 431].includes(status))) {
    const errors = isProblem(json) ? json.errors?.map(({ message, pointer }) => `${pointer} ${message}`) : []
    return [{ rule: "what is documented is taken", found: errors?.join(", ") ?? "" }]
  }
  return []
}

const isAt = (template: string, path: string) => new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}$`).test(path)

/** Where nothing is, and where something has other methods. */
const stray = (document: Document, path: string, answer: Answer): ReadonlyArray<Fault> => {
  const here = document.operations.filter((one) => isAt(one.path, path)).map(({ method }) => method)
  const allowed = [...new Set(here.includes("GET") ? [...here, "HEAD"] : here)].sort().join()
  const told = answer.headers["allow"]?.split(", ").sort().join() ?? ""
  const status = here.length === 0 ? 404 : 405
  return [
    ...(answer.status === status ? [] : [{ rule: "its status is documented", found: String(answer.status) } as const]),
    ...(told === allowed ? [] : [{ rule: "its headers are there", found: `allow: ${told}` } as const]),
    ...problem(document, answer)
  ]
}

/** What is wrong with the answer to a request; nothing when all is well. */
export const judge = (document: Document, asked: Asked, answer: Answer): ReadonlyArray<Fault> => {
  const { operation } = asked
  const [path = ""] = asked.path.split("?")
  if (asked.method !== operation.method || !isAt(operation.path, path)) return stray(document, path, answer)
  const answerable = operation.answers.get(answer.status)
  return [
    ...(answer.status >= 500 ? [{ rule: "no answer of 5xx", found: String(answer.status) } as const] : []),
    ...(answerable === undefined
      ? [{ rule: "its status is documented", found: String(answer.status) } as const]
      : [...body(answerable, answer), ...headers(answerable, answer)]),
    ...(answer.status >= 400 ? problem(document, answer) : []),
    ...outcome(asked, answer)
  ]
}
