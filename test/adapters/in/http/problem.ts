/** What every error looks like, whoever it is told and whatever went wrong. */
import { expect } from "@effect/vitest"
import { Schema } from "effect"
import type { Answer } from "../../../support/http.ts"

export const Problem = Schema.Struct({
  type: Schema.String.check(Schema.isPattern(/^https:\/\/ams\.dev\/problems\/[a-z-]+$/)),
  title: Schema.NonEmptyString,
  status: Schema.Int,
  detail: Schema.NonEmptyString,
  instance: Schema.String,
  errorCode: Schema.String.check(Schema.isPattern(/^[A-Z]+(_[A-Z]+)+$/)),
  traceId: Schema.String.check(Schema.isPattern(/^(?!0+$)[0-9a-f]{32}$/)),
  timestamp: Schema.String.check(Schema.isPattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)),
  errors: Schema.optionalKey(Schema.NonEmptyArray(Schema.Struct({
    pointer: Schema.String.check(Schema.isPattern(/^\/(body|query|path|headers)(\/|$)/)),
    code: Schema.NonEmptyString,
    message: Schema.NonEmptyString,
    line: Schema.optionalKey(Schema.Int),
    column: Schema.optionalKey(Schema.NonEmptyString)
  }))),
  currentState: Schema.optionalKey(Schema.String),
  requestedState: Schema.optionalKey(Schema.String)
})
export type Problem = typeof Problem.Type

const decode = Schema.decodeUnknownSync(Problem, { onExcessProperty: "error", errors: "all" })

/** Stack frames, SQL, and names of files, packages, tables, constraints and services. */
export const inside =
  /\bat \S+ \(|file:|node_modules|\.ts\b|\b(select|insert|update|delete) .*\b(from|into|set)\b|SqlError|PgConnection|SchemaError|Commands|Repository|effect\/|member_role|_fkey|_pkey|password_hash/i

/** The problem, after a look at whether it has the shape of all problems and tells nothing of the inside. */
export const problemOf = (answer: Answer, status: number, errorCode?: string): Problem => {
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status })
  expect(answer.headers["content-type"]).toBe("application/problem+json")
  // What is not there for the moment says when to ask again.
  if (status === 503) expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0)
  const problem = decode(answer.json)
  expect(problem.status).toBe(status)
  expect(problem.type).toBe(`https://ams.dev/problems/${problem.errorCode.toLowerCase().replaceAll("_", "-")}`)
  expect(answer.text).not.toMatch(inside)
  if (errorCode !== undefined) expect(problem.errorCode).toBe(errorCode)
  return problem
}

/** Of these places in the request, those that the problem does not name. */
export const unnamed = (problem: Problem, places: ReadonlyArray<string>): ReadonlyArray<string> =>
  places.filter((place) => !pointersOf(problem).some((one) => one === place || one.startsWith(`${place}/`)))

export const pointersOf = (problem: Problem) => problem.errors?.map(({ pointer }) => pointer) ?? []
