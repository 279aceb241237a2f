/** The day itself: who does what, and everything that can be seen of it afterwards. */
import { Clock, DateTime, Duration, Effect } from "effect"
import type { HttpClient } from "effect/http"
import type { AcademyId, AttendanceId, MessageId } from "../../../../domain/Ids.ts"
import { assemble, type Cast, type Lesson, type Person, voiceOf } from "./Cast.ts"
import {
  as,
  type Client,
  DemoFailed,
  doing,
  inbox,
  type InboxMessage,
  journal,
  makeClient,
  openDeliveries,
  patience,
  type Voice,
  type Wait
} from "./Client.ts"
import { history, readSide, refusals } from "./Look.ts"
import { type Expected, expectedMessages, fits, type Observed, reasons, type Told } from "./Observed.ts"
import * as Screen from "./Screen.ts"

/** Prints lines as they come. */
export type Say = (...lines: ReadonlyArray<string>) => Effect.Effect<void>

/** What was asked for must show itself within this time; who is missing is looked for every 5 s. */
const limit = Duration.seconds(20)

/** On an AMS with other work its handlers may never rest: no longer than this for the last messages to show. */
const rest = Duration.seconds(2)

/** Answer, and the moment it came. */
const timed = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const began = yield* Clock.currentTimeMillis
    const answer = yield* call
    const at = yield* Clock.currentTimeMillis
    return { answer, at, took: at - began }
  })

/** One line of the day, with the time at the academy and how long the answer took. */
const tell = (say: Say, { academy }: Cast) => (at: number, took: number, who: Person, what: string) =>
  say(
    `  ${Screen.clock(academy.timeZone, DateTime.makeUnsafe(at))}  ${Screen.pad(who.name, 6)}  ${Screen.pad(what, 60)}`
      + `  ${String(took).padStart(4)} ms`
  )

/** Where it is seen what people's phones show. */
export interface Phones {
  /** As in `/dev/inbox.json`. */
  readonly at: string
  readonly look: (academyId: AcademyId) => ReturnType<typeof inbox>
}

/** Of a sandbox, whose messages are kept by AMS. */
export const sandbox = (url: string): Phones => ({ at: "/dev/inbox.json", look: (academyId) => inbox(url, academyId) })

/** Of an AMS that sends through the fake providers whose journal is there. */
export const providers = (url: string): Phones => ({ at: `${url}/journal.json`, look: () => journal(url) })

/** Looks into the inbox until it has what is expected; knows of each message when it was first seen. */
const postbox = (phones: Phones, cast: Cast, wait: Wait) => {
  const numbers = [cast.manager, cast.teacher, ...Object.values(cast.guardians)].map(({ phone }) => phone)
  const seen = new Map<MessageId, Told>()
  const told = (message: InboxMessage, since: number, now: number): Told => ({
    id: message.id,
    recipient: message.recipient,
    body: message.body,
    sentAfter: DateTime.toEpochMillis(message.at) - since,
    seenAfter: now - since
  })
  /** One look; `since` is when the command was answered whose messages are new. */
  const look = (since: number) =>
    Effect.gen(function*() {
      const messages = yield* phones.look(cast.academy.id).pipe(doing(`looking into ${phones.at}`))
      const now = yield* Clock.currentTimeMillis
      for (const message of messages) {
        if (!seen.has(message.id) && numbers.includes(message.recipient)) {
          seen.set(message.id, told(message, since, now))
        }
      }
      return [...seen.values()]
    })
  return {
    look,
    until: (since: number, ...expected: ReadonlyArray<Expected>) =>
      wait(look(since), (found) => expected.every((one) => found.some(fits(cast, one))))
  }
}

/** What the teacher and the students do, each as themselves. */
const actors = (client: Client, say: ReturnType<typeof tell>, teacher: Person, teaching: Voice) => ({
  request: Effect.fnUntraced(function*(student: Person, lesson: Lesson, voice: Voice, again = "") {
    const { answer, at, took } = yield* timed(client.attendances.request({ params: { sessionId: lesson.sessionId } }))
      .pipe(
        as(voice),
        doing(`${student.name} asks to be checked in to ${lesson.name}`)
      )
    const { data } = answer.body
    yield* say(at, took, student, `"I am here"${again}, ${lesson.name} → ${data.status}`)
    return data
  }),
  confirm: Effect.fnUntraced(function*(lesson: Lesson, students: ReadonlyArray<Person>) {
    const { answer, at, took } = yield* timed(client.attendances.confirm({
      params: { sessionId: lesson.sessionId },
      payload: { students: students.map(({ id }) => ({ studentId: id })) }
    })).pipe(as(teaching), doing(`${teacher.name} confirms ${lesson.name}`))
    const names = students.map(({ name }) => name).join(", ")
    yield* say(at, took, teacher, `confirms ${names} → ${answer.data.map(({ status }) => status).join(", ")}`)
    return { all: answer.data, at }
  }),
  refuse: Effect.fnUntraced(function*(student: Person, id: AttendanceId) {
    const { answer, at, took } = yield* timed(client.attendances.refuse({
      params: { attendanceId: id },
      payload: { reason: reasons.refusal }
    })).pipe(as(teaching), doing(`${teacher.name} refuses ${student.name}`))
    yield* say(at, took, teacher, `refuses ${student.name}: "${reasons.refusal}" → ${answer.body.data.status}`)
    return answer.body.data
  }),
  correct: Effect.fnUntraced(function*(student: Person, id: AttendanceId) {
    const { answer, at, took } = yield* timed(client.attendances.correct({
      params: { attendanceId: id },
      payload: { status: "EXCUSED", reason: reasons.correction }
    })).pipe(as(teaching), doing(`${teacher.name} corrects ${student.name}`))
    yield* say(at, took, teacher, `corrects ${student.name}: "${reasons.correction}" → ${answer.body.data.status}`)
    return { corrected: answer.body.data, at }
  })
})

/**
 * Plays the day at the AMS behind `url`. Fails when a step cannot be done; what comes out otherwise than it should is
 * for the checks to tell.
 *
 * @param options.introduce what to print when everybody is there
 */
export const play = Effect.fnUntraced(function*(options: {
  readonly url: string
  /** The sandbox's by default. */
  readonly phones?: Phones
  readonly say: Say
  readonly introduce: (cast: Cast, now: DateTime.Utc) => ReadonlyArray<string>
}): Effect.fn.Return<Observed, DemoFailed, HttpClient.HttpClient> {
  const { say, url } = options
  const client = yield* makeClient(url)
  const cast = yield* assemble(client)
  yield* say(...options.introduce(cast, yield* DateTime.now))

  const { coming, guardians, running, students, teacher } = cast
  const wait = patience(limit)
  const post = postbox(options.phones ?? sandbox(url), cast, wait)
  const due = expectedMessages(cast)
  const voices = yield* Effect.all({
    teaching: voiceOf(client, teacher),
    elder: voiceOf(client, students.elder),
    younger: voiceOf(client, students.younger),
    corrected: voiceOf(client, students.corrected),
    late: voiceOf(client, students.late),
    absent: voiceOf(client, students.absent),
    refused: voiceOf(client, students.refused),
    mother: voiceOf(client, guardians.ofLate)
  }, { concurrency: 4 })
  const { teaching } = voices
  const act = actors(client, tell(say, cast), teacher, teaching)

  yield* say(...Screen.heading("The day"))
  const first = yield* act.request(students.elder, coming, voices.elder)
  const again = yield* act.request(students.elder, coming, voices.elder, " once more")
  yield* act.request(students.younger, coming, voices.younger)
  yield* act.request(students.corrected, coming, voices.corrected)
  const asked = yield* act.request(students.refused, coming, voices.refused)
  const list = yield* act.confirm(coming, [students.elder, students.younger, students.corrected])
  yield* post.until(list.at, due.siblings, due.checkedIn)
  const refused = yield* act.refuse(students.refused, asked.id)

  yield* act.request(students.late, running, voices.late)
  const late = yield* act.confirm(running, [students.late])
  yield* post.until(late.at, due.late)
  const [lateOne] = late.all

  const before = list.all.find(({ studentId }) => studentId === students.corrected.id)
  if (before === undefined || lateOne === undefined) {
    return yield* new DemoFailed({ message: "the answer to a confirmation lacks a student who was confirmed" })
  }
  const { at, corrected } = yield* act.correct(students.corrected, before.id)
  yield* post.until(at, due.corrected)
  const unnoticed = " ".repeat(8)
  yield* say(
    `  ${unnoticed}  ${students.absent.name}  has not come to ${running.name}: nobody says so, and AMS notices`
  )
  yield* post.until(late.at, due.missing)
  yield* act.request(students.absent, running, voices.absent)
  const arrived = yield* act.confirm(running, [students.absent])
  yield* post.until(arrived.at, due.arrived)

  const statuses = yield* refusals(client, cast, voices.mother, voices.elder, first)
  const shown = yield* readSide(client, cast, wait, teaching, voices.mother)
  // What is told twice is told the second time by now.
  yield* patience(rest)(openDeliveries(url).pipe(doing("asking /health/async")), (open) => open === 0)
  return {
    cast,
    first,
    again,
    confirmed: list.all,
    lateOne,
    refused,
    corrected,
    historyOfRefused: yield* history(client, teaching, refused),
    historyOfCorrected: yield* history(client, teaching, corrected),
    ...shown,
    statuses,
    told: yield* post.look(at)
  }
})
