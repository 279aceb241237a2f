/** A failure as operators see it: its chain of errors, and the fingerprint by which they are grouped. */
import { Predicate } from "effect"
import type { HandlerFailure } from "../../ports/EventHandler.ts"

/** Characters; an operator reads it, the rest is in the log. */
const longest = 2000

/** The failure and what caused it, outermost first; at most 8, since causes may go in circles. */
const chain = (failure: HandlerFailure): ReadonlyArray<unknown> => {
  const links: Array<unknown> = []
  let link: unknown = failure
  while (link !== undefined && link !== null && links.length < 8) {
    links.push(link)
    // An SqlError keeps what happened in its reason.
    const inside = Predicate.hasProperty(link, "reason") ? link.reason : link
    link = Predicate.hasProperty(inside, "cause") ? inside.cause : undefined
  }
  return links
}

/** As in `TypeError: x is undefined`. */
export const named = (link: unknown): string => {
  if (!Predicate.isError(link)) return String(link)
  const name = link.name === "Error" || link.name === "HandlerFailure" ? "" : `${link.name}: `
  return `${name}${link.message}`
}

/** All messages of the chain, each once. */
export const errorOf = (failure: HandlerFailure): string =>
  [...new Set(chain(failure).map(named))].join("; caused by ").slice(0, longest)

/** Our own file in which it began, as in `handlers/SendMessage.ts`, without its line: that changes with every release. */
const frameOf = (failure: HandlerFailure): string | undefined => {
  for (const link of chain(failure).toReversed()) {
    const stack = Predicate.isError(link) ? link.stack ?? "" : ""
    const found = /\/src\/(?!application\/events\/)([\w/-]+\.ts)/.exec(stack)
    if (found !== null) return found[1]
  }
  return undefined
}

/** Handler, rule and first own frame: one cause, one fingerprint. */
export const fingerprintOf = (handler: string, failure: HandlerFailure): string => {
  const frame = frameOf(failure)
  return `${handler}:${failure.rule}${frame === undefined ? "" : `@${frame}`}`
}
