/**
 * What people press, and when: a pure function of the seed. Each (lesson, student) goes the way of an attendance
 * (request, refuse, confirm, correct); a window moves over all of them, so that each kind of press comes all the time.
 */
import { type Chance, chance } from "./Chance.ts"

export type Status = "PRESENT" | "LATE" | "ABSENT" | "EXCUSED"

interface Step {
  /** Milliseconds from the beginning. */
  readonly at: number
  /** Which of the processes that run then, modulo their number. */
  readonly node: number
  /** A process that is about to be hurt: to that one, if it runs. */
  readonly toward?: number
  readonly lesson: number
}
interface Named extends Step {
  readonly student: number
}
export interface Request extends Named {
  readonly kind: "request"
}
export interface Refuse extends Named {
  readonly kind: "refuse"
}
export interface Correct extends Named {
  readonly kind: "correct"
  readonly to: Status
}
export interface Confirm extends Step {
  readonly kind: "confirm"
  /** No status: AMS says PRESENT or LATE. */
  readonly students: ReadonlyArray<{ readonly student: number; readonly status?: Status }>
}
export type Command = Request | Refuse | Correct | Confirm

export interface StepsOptions {
  readonly seconds: number
  /** Commands a second, at random moments. */
  readonly rate: number
  readonly lessons: number
  /** In each lesson. */
  readonly students: number
  /** Just before each of these a flurry goes to that process, so that it has deliveries in hand. */
  readonly flurries?: ReadonlyArray<{ readonly at: number; readonly node: number }>
}

/** (lesson, student) pairs of which something happens at one time. */
const windowSize = 160
/** How often something happens to each of them, about. */
const stepsEach = 6
/** Commands of a flurry, and over how many ms they come. */
const flurry = { commands: 20, millis: 150 }
const mostConfirmedAtOnce = 12

/** What a pair should have come to, if every command was done; CONFIRMED is what AMS made PRESENT or LATE. */
type Reached = "NONE" | "REQUESTED" | "CONFIRMED" | Status

const corrections: Readonly<Record<Exclude<Reached, "NONE" | "REQUESTED">, readonly [Status, ...Array<Status>]>> = {
  CONFIRMED: ["ABSENT", "EXCUSED"],
  PRESENT: ["LATE", "ABSENT", "EXCUSED"],
  LATE: ["PRESENT", "ABSENT", "EXCUSED"],
  ABSENT: ["PRESENT", "LATE", "EXCUSED"],
  EXCUSED: ["PRESENT", "LATE", "ABSENT"]
}

const moments = (dice: Chance, { flurries = [], rate, seconds }: StepsOptions) => {
  const all: Array<Pick<Step, "at" | "node" | "toward">> = []
  for (let at = 0; at < seconds * 1_000; at += (-Math.log(1 - dice.next()) * 1_000) / rate) {
    all.push({ at, node: dice.below(1_000_000) })
  }
  for (const { at, node } of flurries) {
    for (let n = 0; n < flurry.commands; n++) {
      all.push({ at: Math.max(0, at - dice.between(5, flurry.millis)), node, toward: node })
    }
  }
  return all.sort((a, b) => a.at - b.at)
}

/** In order of time. */
export const steps = (seed: number, options: StepsOptions): ReadonlyArray<Command> => {
  const dice = chance(seed, "load")
  const reached: Array<Reached> = Array.from({ length: options.lessons * options.students }, () => "NONE")
  const pairsPerSecond = options.rate / stepsEach
  return moments(dice, options).map((moment): Command => {
    const from = Math.floor((moment.at / 1_000) * pairsPerSecond)
    const pair = (from + dice.below(windowSize)) % reached.length
    const lesson = Math.floor(pair / options.students)
    const student = pair % options.students
    const where = { ...moment, lesson }
    const before = reached[pair] ?? "NONE"
    if (before === "NONE" && dice.next() < 0.8) {
      reached[pair] = "REQUESTED"
      return { ...where, kind: "request", student }
    }
    if (before === "REQUESTED" && dice.next() < 0.3) {
      reached[pair] = "NONE"
      return { ...where, kind: "refuse", student }
    }
    if (before === "NONE" || before === "REQUESTED") {
      const students = confirmed(dice, reached, lesson * options.students, student, options)
      return { ...where, kind: "confirm", students }
    }
    const to = dice.pick(corrections[before])
    reached[pair] = to
    return { ...where, kind: "correct", student, to }
  })
}

/** This student, and often others of the lesson with them. A student who has pressed can only be PRESENT or LATE. */
const confirmed = (
  dice: Chance,
  reached: Array<Reached>,
  first: number,
  student: number,
  { students }: StepsOptions
): Confirm["students"] => {
  const others = Array.from({ length: students }, (_, other) => other).filter((other) =>
    other !== student && reached[first + other] === "REQUESTED"
  )
  const along = dice.next() < 0.5 ? [] : dice.shuffled(others).slice(0, dice.below(mostConfirmedAtOnce))
  return [student, ...along].map((one) => {
    const absent = reached[first + one] === "NONE" && dice.next() < 0.3
    if (!absent) {
      reached[first + one] = "CONFIRMED"
      return { student: one }
    }
    const status = dice.pick<Status>(["ABSENT", "EXCUSED"])
    reached[first + one] = status
    return { student: one, status }
  })
}
