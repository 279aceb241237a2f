/** What could have come out of the day otherwise, each with the claim that must notice it. */
import type { Observed, Told } from "../../../../../src/adapters/in/cli/demo/Observed.ts"

const first = (observed: Observed, which: (told: Told) => boolean = () => true): Told => {
  const found = observed.told.find(which)
  if (found === undefined) throw new Error("no such message")
  return found
}
const alsoTold = (observed: Observed, told: Partial<Told>): Observed => ({
  ...observed,
  told: [...observed.told, { ...first(observed), ...told }]
})

export const mistakes: ReadonlyArray<
  readonly [what: string, claim: RegExp, mistaken: (observed: Observed) => Observed]
> = [
  ["a second request is a second row", /pressed twice/, (o) => ({ ...o, again: { ...o.again, version: 2 } })],
  ["one of a list is LATE", /the whole list/, (o) => ({ ...o, confirmed: [...o.confirmed.slice(1), o.lateOne] })],
  ["somebody of a list is left out", /the whole list/, (o) => ({ ...o, confirmed: o.confirmed.slice(1) })],
  ["a late one is PRESENT", /is LATE/, (o) => ({ ...o, lateOne: { ...o.lateOne, status: "PRESENT" } })],
  [
    "a refusal changes nothing",
    /refused request is gone/,
    (o) => ({ ...o, refused: { ...o.refused, status: "REQUESTED" } })
  ],
  ["a correction loses its reason", /notes why/, (o) => ({ ...o, corrected: { ...o.corrected, note: null } })],
  [
    "a refusal is not in the history",
    /history of the refused/,
    (o) => ({ ...o, historyOfRefused: o.historyOfRefused.slice(0, 1) })
  ],
  [
    "a history does not say who",
    /history of the corrected/,
    (o) => ({ ...o, historyOfCorrected: o.historyOfCorrected.map((line) => ({ ...line, by: null })) })
  ],
  [
    "siblings come in two messages",
    /in one message/,
    ({ cast, ...o }) => {
      const { children: [elder, younger], phone } = cast.guardians.ofSiblings
      const one = first({ cast, ...o }, ({ recipient }) => recipient === phone)
      const without = (name = "") => ({
        ...one,
        body: one.body.split("\n").filter((line) => !line.includes(name)).join("\n")
      })
      return {
        ...o,
        cast,
        told: [...o.told.filter((told) => told !== one), without(elder?.name), without(younger?.name)]
      }
    }
  ],
  [
    "a parent is told twice that a child came",
    /이정훈 was told once that 이도윤 was checked in/,
    (o) => alsoTold(o, first(o, ({ body }) => body.includes("이도윤") && body.includes("출석했습니다")))
  ],
  [
    "a text names another child",
    /박선영 was told once that 박지호 was late/,
    (o) => ({ ...o, told: o.told.map((told) => ({ ...told, body: told.body.replace("박지호", "김민준") })) })
  ],
  [
    "nobody hears of a correction",
    /이정훈 was told once that 이도윤 was corrected/,
    (o) => ({ ...o, told: o.told.filter(({ body }) => !body.includes("정정")) })
  ],
  ["a stranger is told something", /anything else/, (o) => alsoTold(o, { recipient: "+821019999999" })],
  [
    "the one who may not be told is told",
    /may not be told/,
    (o) => alsoTold(o, { recipient: o.cast.guardians.notToBeTold.phone ?? "" })
  ],
  [
    "a refused request is told",
    /whose request was refused/,
    (o) => alsoTold(o, { body: "최서준 학생이 출석했습니다." })
  ],
  [
    "nobody hears of a missing child",
    /정다혜 was told once that 정예은 was missing/,
    (o) => ({ ...o, told: o.told.filter(({ body }) => !body.includes("오지 않")) })
  ],
  [
    "nobody hears that it came after all",
    /정다혜 was told once that 정예은 was there after all/,
    (o) => ({ ...o, told: o.told.filter(({ body }) => !body.includes("도착")) })
  ],
  [
    "a teacher is chased again",
    /at most once to mark a roll/,
    (o) => alsoTold(alsoTold(o, { recipient: o.cast.teacher.phone ?? "" }), { recipient: o.cast.teacher.phone ?? "" })
  ],
  [
    "a list lacks somebody",
    /list of 영어 B/,
    (o) => ({ ...o, readSide: { ...o.readSide, coming: o.readSide.coming.slice(1) } })
  ],
  ["a list is empty", /list of 수학 A/, (o) => ({ ...o, readSide: { ...o.readSide, running: [] } })],
  [
    "a mother sees a wrong status",
    /sees 박지호's/,
    (o) => ({
      ...o,
      readSide: { ...o.readSide, ofLate: o.readSide.ofLate.map((row) => ({ ...row, status: "ABSENT" })) }
    })
  ],
  [
    "figures count one too many",
    /statistics of 영어 B/,
    (o) => ({ ...o, days: { ...o.days, coming: o.days.coming.map((day) => ({ ...day, present: day.present + 1 })) } })
  ],
  [
    "a rate is wrong",
    /statistics of 수학 A/,
    (o) => ({ ...o, days: { ...o.days, running: o.days.running.map((day) => ({ ...day, attendanceRate: 0.5 })) } })
  ],
  [
    "a parent sees somebody else's child",
    /somebody else's child/,
    (o) => ({ ...o, statuses: { ...o.statuses, parentOfAnother: [403, 200] } })
  ],
  [
    "a student confirms",
    /student may not confirm/,
    (o) => ({ ...o, statuses: { ...o.statuses, studentConfirming: 200 } })
  ],
  [
    "a call without a token is served",
    /without a token/,
    (o) => ({ ...o, statuses: { ...o.statuses, withoutToken: [401, 200, 401] } })
  ]
]
