/** What a run has asked, what came of it, and the faults that it found. */
import { type Duration, Option, Schema } from "effect"
import type { Answer } from "../support/http.ts"
import type { Operation } from "./Document.ts"
import type { Fault } from "./Judge.ts"
import type { Asked } from "./Requests.ts"

export interface Options {
  readonly seed: number
  /** Rounds go on for so long; there is always one. */
  readonly lasts: Duration.Duration
  /** How much of each kind of mistake, at each place of a request. */
  readonly each: number
}

/** A fault, and the request that it was found by. */
export interface Found extends Fault {
  readonly operation: string
  readonly request: string
  readonly answer: string
}

export interface Row {
  readonly tag: string
  readonly operations: number
  /** By the first digit of the status. */
  readonly answers: Readonly<Record<string, number>>
  /** Operations that have never answered well, and with what they mostly refused what is documented. */
  readonly never: ReadonlyArray<string>
}

export interface Run {
  readonly options: Options
  readonly rounds: number
  readonly requests: number
  readonly rows: ReadonlyArray<Row>
  readonly faults: ReadonlyArray<Found>
}

/** Of one operation and rule; more tell nothing new. */
const mostAlike = 3

const well = "well"
/** How a request is that nobody spoilt. */
export const unspoilt = "as documented"
const errorCode = Schema.decodeUnknownOption(Schema.Struct({ errorCode: Schema.String }))
const times = (all: ReadonlyArray<string>, one: string) => all.filter((other) => other === one).length

export const tallyOf = (operations: ReadonlyArray<Operation>) => {
  const answers = new Map<string, Record<string, number>>()
  const outcomes = new Map<string, Array<string>>()
  const found: Array<Found> = []
  let requests = 0
  return {
    answered: ({ how, operation }: Asked, { json, status }: Answer) => {
      requests++
      const row = answers.get(operation.tag) ?? {}
      const digit = `${String(status)[0]}xx`
      answers.set(operation.tag, { ...row, [digit]: (row[digit] ?? 0) + 1 })
      const code = Option.match(errorCode(json), { onNone: () => well, onSome: ({ errorCode }) => errorCode })
      if (how === unspoilt) {
        outcomes.set(operation.id, [...outcomes.get(operation.id) ?? [], status < 300 ? well : code])
      }
    },
    fault: (one: Found) => {
      const alike = found.filter(({ operation, rule }) => operation === one.operation && rule === one.rule)
      if (alike.length < mostAlike) found.push(one)
    },
    run: (options: Options, rounds: number): Run => ({
      options,
      rounds,
      requests,
      faults: found,
      rows: [...new Set(operations.map(({ tag }) => tag))].map((tag) => {
        const ours = operations.filter((one) => one.tag === tag)
        return {
          tag,
          operations: ours.length,
          answers: answers.get(tag) ?? {},
          never: ours.flatMap(({ id }) => {
            const all = outcomes.get(id) ?? []
            const most = all.toSorted((a, b) => times(all, b) - times(all, a))[0] ?? "not asked"
            return all.includes(well) ? [] : [`${id} (${most})`]
          })
        }
      })
    })
  }
}
export type Tally = ReturnType<typeof tallyOf>

export const short = (text: string) => (text.length > 300 ? `${text.slice(0, 300)}…` : text)
export const requestOf = ({ as, body, headers, how, method, path }: Asked) =>
  short(`${how}: ${method} ${path} as ${as}, ${JSON.stringify(headers)} ${typeof body === "string" ? body : ""}`)
