/**
 * A JSON object that has a name twice says two things, and each parser hears another one (RFC 8259, section 4): a proxy may
 * have looked at the first, AMS would act upon the last. So it is refused.
 */
import { Data, Effect, Option } from "effect"
import type { HttpServerRequest } from "effect/http"

export class NameTwice extends Data.TaggedError("NameTwice")<{ readonly name: string }> {}

/**
 * Strings, with what tells names from values, and what opens and closes. An unfinished string goes to the end, so that no
 * text is looked at twice.
 */
const tokens = /"((?:[^"\\]|\\.?)*)(?:"|$)(\s*:)?|[{}[\]]/gs

const unescaped = Option.liftThrowable((raw: string) => String(JSON.parse(`"${raw}"`)))

/** A name that stands twice in an object of this text, if there is one. What is no JSON is the parser's affair. */
export const twice = (json: string): string | undefined => {
  const open: Array<Set<string> | undefined> = []
  for (const [token, raw = "", colon] of json.matchAll(tokens)) {
    if (token === "{") open.push(new Set())
    else if (token === "[") open.push(undefined)
    else if (token === "}" || token === "]") open.pop()
    else if (colon !== undefined) {
      const name = raw.includes("\\") ? Option.getOrElse(unescaped(raw), () => raw) : raw
      const names = open.at(-1)
      if (names?.has(name) === true) return name
      names?.add(name)
    }
  }
  return undefined
}

/** The same request, whose text dies of a name that stands twice. */
export const uniqueNames = (request: HttpServerRequest.HttpServerRequest): HttpServerRequest.HttpServerRequest => {
  const checked = Effect.tap(request.text, (text) => {
    const name = twice(text)
    return name === undefined ? Effect.void : Effect.die(new NameTwice({ name }))
  })
  return Object.create(request, { text: { get: () => checked } })
}
