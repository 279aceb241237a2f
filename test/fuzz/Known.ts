/** Ids that answers have told, by the names under which requests want them: so that calls reach something. */
import type { Chance } from "../chaos/Chance.ts"
import { type Operation, parsed } from "./Document.ts"

/** Parameters of a path. */
export type Place = Readonly<Record<string, string>>

export interface Known {
  readonly learn: (name: string, id: string, along?: Place) => void
  /** What an answer tells: ids by their names, those of things by where they lie, and where the next page begins. */
  readonly read: (operation: Operation, place: Place, answered: string, location: string | undefined) => void
  readonly some: (name: string, chance: Chance) => string | undefined
  /** Any id of whatever kind. */
  readonly any: (chance: Chance) => string | undefined
  /** Parameters that belong together where that is known, as an enrollment and its class. */
  readonly place: (names: ReadonlyArray<string>, chance: Chance) => Place
}

/** The first one of each name, which the academy began with, and the newest: what lies between is closed or decided. */
const most = 12

const isId = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4,12}){4}$/.test(value)
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The name of a cursor, which goes on in one list only. */
export const cursorOf = (operation: Operation) => `cursor of ${operation.id}`

export const nothingKnown = (operations: ReadonlyArray<Operation>): Known => {
  const found = new Map<string, Array<{ readonly id: string; readonly along: Place }>>()
  const learn = (name: string, id: string, along: Place = {}) => {
    const [first, ...rest] = found.get(name) ?? []
    if (first === undefined) found.set(name, [{ id, along }])
    else if (first.id !== id) {
      found.set(name, [first, ...rest.filter((one) => one.id !== id).slice(-most), { id, along }])
    }
  }
  /** What lies in `/classrooms` is called as the parameter that follows it somewhere. */
  const nameIn = (collection: string) => {
    const inside = operations.find(({ path }) => path.startsWith(`${collection}/{`))
    return inside === undefined ? undefined : /^\{(\w+)\}/.exec(inside.path.slice(collection.length + 1))?.[1]
  }
  const walk = (value: unknown) => {
    if (Array.isArray(value)) { for (const one of value) walk(one) }
    if (!isRecord(value)) return
    for (const [name, one] of Object.entries(value)) {
      if (name.endsWith("Id") && isId(one)) learn(name, one)
      walk(one)
    }
  }
  const pick = (name: string, chance: Chance) => {
    const [first, ...rest] = found.get(name) ?? []
    return first === undefined || chance.next() < 0.4 ? first : chance.pick([first, ...rest])
  }

  return {
    learn,
    read: (operation, place, answered, location) => {
      const json = parsed(answered)
      if (!isRecord(json)) return
      walk(json["data"])
      const name = nameIn(operation.path)
      const items: ReadonlyArray<unknown> = Array.isArray(json["data"]) ? json["data"] : [json["data"]]
      for (const item of items) {
        if (isRecord(item) && isId(item["id"]) && name !== undefined) learn(name, item["id"], place)
      }
      const [, collection, id] = /^(.*)\/([^/]+)$/.exec(location ?? "") ?? []
      const made = collection === undefined ? undefined : nameIn(collection)
      if (made !== undefined && isId(id)) learn(made, id)
      const next = isRecord(json["meta"]) ? json["meta"]["nextCursor"] : undefined
      if (typeof next === "string") learn(cursorOf(operation), next)
    },
    some: (name, chance) => pick(name, chance)?.id,
    any: (chance) => {
      const [first, ...rest] = [...found.keys()].filter((name) => name.endsWith("Id"))
      return first === undefined ? undefined : pick(chance.pick([first, ...rest]), chance)?.id
    },
    place: (names, chance) => {
      const chosen: Record<string, string> = {}
      for (const name of names.toReversed()) {
        const one = chosen[name] === undefined ? pick(name, chance) : undefined
        if (one !== undefined) Object.assign(chosen, one.along, { [name]: one.id })
      }
      return chosen
    }
  }
}
