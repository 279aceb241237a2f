/** Values that a schema allows, by chance. */
import { Arbitrary, Effect, Schema } from "effect"
import type { Chance } from "../chaos/Chance.ts"
import type { Document, Node } from "./Document.ts"
import type { Known } from "./Known.ts"

export interface Source {
  readonly document: Document
  readonly chance: Chance
  readonly known: Known
  /** The day it is at the academy. */
  readonly today: string
}

/** What people enter, in several scripts; nothing that no column could keep. */
const words = [
  "김민준",
  "math",
  "수학 초급반",
  "x",
  "O'Brien \"quoted\" <b>&amp;</b>",
  "😀 emoji 👨‍👩‍👧",
  "עברית العربية",
  "한글".normalize("NFD"),
  "'; drop table member; --",
  "${jndi:ldap://x} {{7*7}} %s %n",
  "\u200b\u202eright to left\u202c",
  "line\nbreak\ttab"
] as const

const hex = (chance: Chance, length: number) => Array.from({ length }, () => chance.below(16).toString(16)).join("")
export const someId = (chance: Chance) =>
  `0199${hex(chance, 4)}-${hex(chance, 4)}-7${hex(chance, 3)}-8${hex(chance, 3)}-${hex(chance, 12)}`

const day = (today: string, offset: number) =>
  new Date(Date.parse(`${today}T00:00:00Z`) + offset * 86_400_000).toISOString().slice(0, 10)

const patterns = new Map<string, Arbitrary.Arbitrary<string>>()
/** A text that a pattern allows; none where the generator finds none. */
const matching = (pattern: string, chance: Chance): string => {
  const known = patterns.get(pattern) ??
    Arbitrary.schema(Schema.String.check(Schema.isPattern(new RegExp(pattern, "u"))))
  patterns.set(pattern, known)
  const [text = ""] = Effect.runSync(Effect.orElseSucceed(
    Arbitrary.sampleEffect(known, { count: 1, size: 5, seed: chance.below(2 ** 31) }),
    (): ReadonlyArray<string> => []
  ))
  // As the description of the API says of every text.
  return text.toWellFormed().replace(/[\0\ufffd]/g, "x")
}

const text = ({ chance, known, today }: Source, node: Node, name: string): string => {
  if (node.format === "uuid") {
    // Some lead nowhere.
    const real = name === "id" ? known.any(chance) : known.some(name, chance)
    return real !== undefined && chance.next() < 0.95 ? real : someId(chance)
  }
  if (node.format === "date") return day(today, chance.next() < 0.5 ? 0 : chance.below(60) - 30)
  if (node.format === "date-time") return new Date(Date.parse(today) + chance.below(86_400_000)).toISOString()
  if (node.pattern !== undefined) return matching(node.pattern, chance)
  const [least, greatest] = [node.minLength ?? 0, node.maxLength ?? 200]
  if (chance.next() < 0.1) return "x".repeat(greatest)
  if (least === 0 && chance.next() < 0.1) return ""
  const word = chance.pick(words)
  return word.length >= least && word.length <= greatest ? word : "x".repeat(Math.max(1, least))
}

const number = (chance: Chance, { maximum, minimum, type }: Node): number => {
  const least = Math.max(minimum ?? 0, -1_000)
  const greatest = Math.min(maximum ?? 1_000, least + 1_000)
  const roll = chance.next()
  if (roll < 0.1) return minimum ?? least
  if (roll < 0.2) return maximum ?? greatest
  return type === "integer" ? least + chance.below(greatest - least + 1) : chance.between(least, greatest)
}

/** `name`: of the property or parameter, by which real ids are found. */
export const valueOf = (source: Source, given: Node, name: string): unknown => {
  const { chance } = source
  const node = source.document.resolved(given)
  const [example, ...examples] = node.examples ?? []
  // What a schema cannot say is shown by examples.
  if (example !== undefined) return chance.pick([example, ...examples])
  if (node.const !== undefined) return node.const
  const [first, ...rest] = node.enum ?? []
  if (first !== undefined) return chance.pick([first, ...rest])
  // Beside a type they are rules, which the validator knows.
  const [one, ...others] = node.type === undefined ? node.anyOf ?? node.oneOf ?? [] : []
  if (one !== undefined) return valueOf(source, chance.pick([one, ...others]), name)
  switch (node.type) {
    case "null":
      return null
    case "boolean":
      return chance.next() < 0.5
    case "integer":
    case "number":
      return number(chance, node)
    case "string":
      return text(source, node, name)
    case "array": {
      const least = node.minItems ?? 0
      const length = least + chance.below(Math.min(3, (node.maxItems ?? 3) - least + 1))
      const item = (index: number) => node.prefixItems?.[index] ?? (typeof node.items === "object" ? node.items : {})
      // Of `roles` one is a `role`.
      const all = Array.from({ length }, (_, index) => valueOf(source, item(index), name.replace(/s$/, "")))
      // A list names each thing once.
      return all.filter((one, index) => all.findIndex((other) => idIn(other) === idIn(one)) === index)
    }
    case "object":
      return object(source, node)
    default:
      return chance.pick<unknown>([chance.pick(words), chance.below(100), true])
  }
}

/** What tells one of a list from the others: the id in it, or else the whole. */
const idIn = (value: unknown) =>
  JSON.stringify(Object.entries(Object(value)).filter(([name]) => name.endsWith("Id"))[0] ?? value)

const object = (source: Source, node: Node): unknown => {
  const { chance } = source
  const required = new Set(node.required)
  // All of it, as little as may be, or some.
  const often = chance.pick([0, 0.5, 0.5, 1])
  const entries = Object.entries(node.properties ?? {}).filter(([name]) => required.has(name) || chance.next() < often)
  return Object.fromEntries(entries.map(([name, one]) => [name, valueOf(source, one, name)]))
}
