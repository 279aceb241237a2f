/** The part of `asked` about files. */
import { Effect, Schema } from "effect"
import { alone } from "../../../support/academy.ts"
import { Ams } from "../../../support/http.ts"
import { type Asked, type Given, newcomer } from "./asking.ts"

let lines = 0
const students = () => `이름,생년월일,학교,학년\n학생${++lines},2015-03-02,한빛초,초3\n`

const Named = Schema.Array(Schema.Struct({ name: Schema.String }))
/** How it is called; what is not there has a name of nothing. */
const called = (table: "member" | "class", id: string) =>
  Effect.flatMap(Ams, ({ sql }) =>
    Effect.map(
      sql(`select name from ${table} where id = '${id}'`),
      (rows) => Schema.decodeUnknownSync(Named)(rows)[0]?.name ?? "nobody"
    ))

const enrolling = (student: string, className: string) =>
  `학생,생년월일,반,보호자 없는 사유\n${student},2015-03-02,${className},${alone.reason}\n`

/** A student with a birth date, by which a file can mean them. */
const born = Effect.fnUntraced(function*(id: string) {
  const { sql } = yield* Ams
  yield* sql(`update member set birth_date = '2015-03-02' where id = '${id}'`)
  return yield* called("member", id)
})
const enrollments = Effect.fnUntraced(function*({ a, own }: Given) {
  const student = yield* born(yield* newcomer(a, "STUDENT"))
  return { params: { kind: "enrollments" }, body: enrolling(student, yield* called("class", own.classId)) }
})

export const askedImports: Readonly<Record<string, (given: Given) => Effect.Effect<Asked, never, Ams>>> = {
  "imports.run members": () => Effect.sync(() => ({ params: { kind: "members" }, body: students() })),
  "imports.run enrollments": enrollments,
  "imports.run B's student": ({ far, own }) =>
    Effect.all([born(far.studentId), called("class", own.classId)]).pipe(
      Effect.map(([student, name]) => ({ params: { kind: "enrollments" }, body: enrolling(student, name) }))
    ),
  "imports.run B's class": Effect.fnUntraced(function*({ a, b, far }) {
    const student = yield* born(yield* newcomer(a, "STUDENT"))
    const { sql } = yield* Ams
    yield* sql(`update class set name = 'only at B' where id = '${far.classId}' and academy_id = '${b.id}'`)
    return { params: { kind: "enrollments" }, body: enrolling(student, "only at B") }
  }),
  "imports.watch members": () => Effect.sync(() => ({ params: { kind: "members" }, body: students() })),
  "imports.watch enrollments": enrollments
}
