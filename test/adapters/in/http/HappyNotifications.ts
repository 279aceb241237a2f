/** Good requests about notifications: what members wish and were told, and how the academy appears on its channels. */
import { expect, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import { person } from "../../../support/academy.ts"
import { Ams, World } from "../../../support/http.ts"
import { arrived, good, idOf, make, office, refused } from "./good.ts"

/** A new parent of a new student who has just pressed the button. */
const family = Effect.fnUntraced(function*() {
  const ams = yield* Ams
  const as = yield* office
  const come = yield* arrived()
  const parentId = yield* make("members.create", { ...as, body: person("PARENT") })
  const { studentId } = come
  yield* good("members.linkGuardian", { ...as, params: { studentId }, body: { parentId, relationship: "MOTHER" } })
  return { ...come, as, parentId, parent: { token: yield* ams.token(parentId) } }
})

export const notifications = (it: Vitest.MethodsNonLive<Ams | World>) => {
  it.effect("says how one wants to be told, and of what not; a child that is missing is always told", () =>
    Effect.gen(function*() {
      const { parent } = yield* family()
      expect(yield* good("me.preference", parent)).toEqual({ channels: [], muted: [] })
      const wished = { channels: ["SMS", "KAKAO_TALK"], muted: ["CHECK_IN", "LEAVE_APPROVED"] }
      expect(yield* good("me.prefer", { ...parent, body: wished })).toEqual(wished)
      for (const kind of ["MISSING", "ARRIVED"]) {
        const sent = { ...parent, body: { ...wished, muted: ["CHECK_IN", kind] } }
        const problem = yield* refused("me.prefer", sent, 422, "NOTIFICATION_CANNOT_BE_MUTED")
        expect(problem.errors).toMatchObject([{ pointer: "/body/muted", message: `${kind} is always told` }])
      }
      const unknown = { ...parent, body: { ...wished, channels: ["PIGEON"] } }
      const problem = yield* refused("me.prefer", unknown, 422, "NOTIFICATION_NO_SUCH_CHANNEL")
      expect(problem.errors).toMatchObject([{ message: "one of PUSH, KAKAO_TALK, SMS" }])
      for (const body of [{ ...wished, channels: ["SMS", "SMS"] }, { ...wished, muted: ["NOTHING"] }]) {
        yield* refused("me.prefer", { ...parent, body }, 400, "COMMON_VALIDATION_FAILED")
      }
      expect(yield* good("me.preference", parent)).toEqual(wished)
      const none = { channels: [], muted: [] }
      expect(yield* good("me.prefer", { ...parent, body: none })).toEqual(none)
      expect(yield* good("me.preference", parent)).toEqual(none)
    }))

  it.effect("registers a phone, which belongs to whoever is logged in there, and shows its token to nobody", () =>
    Effect.gen(function*() {
      const { parent, student } = yield* family()
      const token = `\\x${"t".repeat(4000)}-ending`
      const device = { ...parent, body: { platform: "ANDROID", token } }
      const registered = yield* good("me.register", device)
      const seen = { platform: "ANDROID", tokenEnding: "ending", registeredAt: expect.any(String) }
      expect(registered).toEqual({ id: expect.any(String), ...seen })
      expect(yield* good("me.pushTargets", parent)).toEqual([registered])

      const taken = yield* good("me.register", { ...student, body: { platform: "IOS", token } })
      expect(taken).toMatchObject({ id: idOf(registered), platform: "IOS" })
      expect(yield* good("me.pushTargets", parent)).toEqual([])
      expect(yield* good("me.pushTargets", student)).toEqual([taken])
      const params = { pushTargetId: idOf(taken) }
      yield* refused("me.unregister", { ...parent, params }, 404, "PUSH_TARGET_NOT_FOUND")
      expect(yield* good("me.unregister", { ...student, params })).toEqual({ id: idOf(taken) })
      yield* refused("me.unregister", { ...student, params }, 404, "PUSH_TARGET_NOT_FOUND")
      expect(yield* good("me.pushTargets", student)).toEqual([])
      for (const wrong of ["short", "with a blank in it", `${"t".repeat(4097)}`]) {
        const sent = { ...parent, body: { platform: "ANDROID", token: wrong } }
        const problem = yield* refused("me.register", sent, 400, "COMMON_VALIDATION_FAILED")
        expect(problem.errors).toMatchObject([{ pointer: "/body/token" }])
        expect(JSON.stringify(problem)).not.toContain(wrong)
      }
    }))

  it.effect("reads what one was told, newest first, and nobody else's", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { attendanceId, params, parent, student, studentId, teacher } = yield* family()
      yield* good("attendances.confirm", { ...teacher, params, body: { students: [{ studentId, status: "PRESENT" }] } })
      yield* ams.settled
      const correction = { status: "LATE", reason: "mistaken" }
      yield* good("attendances.correct", { ...teacher, params: { attendanceId }, body: correction })
      yield* ams.settled
      const { sessionId } = params
      const about = { sessionId, studentId, leaveId: null, className: "class of 2 minutes ago", status: "ACCEPTED" }
      const told = yield* good("me.notifications", parent)
      const date = (yield* World).a.own.date
      expect(told).toMatchObject([
        {
          ...about,
          kind: "CORRECTED",
          day: date,
          channel: "KAKAO_TALK",
          studentName: expect.stringContaining("student")
        },
        { ...about, kind: "CHECK_IN", at: expect.any(String) }
      ])
      expect(yield* good("me.notifications", { ...parent, query: "?limit=1" })).toMatchObject([{ kind: "CORRECTED" }])
      expect(yield* good("me.notifications", student)).toEqual([])
    }))

  it.effect("shows how the academy appears on each channel, and changes it; an account is never given back", () =>
    Effect.gen(function*() {
      const as = yield* office
      const nothing = { enabled: true, sender: null, profile: null, ownAccount: false, templates: {}, version: 0 }
      expect(yield* good("channels.list", as)).toEqual(
        ["PUSH", "KAKAO_TALK", "SMS"].map((channel) => ({ channel, carried: true, ...nothing }))
      )
      const params = { channel: "KAKAO_TALK" }
      const own = {
        sender: "02-1234-5678",
        profile: "KA01PF",
        templates: { "CHECK_IN/ko": "KA01TP", "LATE/en": "KA02TP" }
      }
      const template = (providerId: string) => ({ providerId, offSince: null, offReason: null })
      const changed = yield* good("channels.change", { ...as, params, body: own })
      const after = {
        ...nothing,
        channel: "KAKAO_TALK",
        carried: true,
        sender: "+82212345678",
        profile: "KA01PF",
        templates: { "CHECK_IN/ko": template("KA01TP"), "LATE/en": template("KA02TP") },
        version: 1
      }
      expect(changed).toEqual(after)
      const account = { ...as, params, body: { credentials: { apiKey: "key", apiSecret: "secret" } } }
      yield* refused("channels.change", account, 409, "CHANNEL_NO_CREDENTIALS_KEY")
      const less = { enabled: false, sender: null, credentials: null, templates: { "LATE/en": null } }
      const { "LATE/en": _, ...templates } = after.templates
      const then = { ...after, enabled: false, sender: null, templates, version: 2 }
      expect(yield* good("channels.change", { ...as, params, body: less })).toEqual(then)
      expect(yield* good("channels.list", as)).toContainEqual(then)
      expect(yield* good("channels.change", { ...as, params, body: { enabled: true } })).toMatchObject({ version: 3 })

      yield* refused("channels.change", { ...as, params: { channel: "PIGEON" }, body: own }, 404, "CHANNEL_NOT_FOUND")
      const problem = yield* refused(
        "channels.change",
        { ...as, params, body: { templates: { "CHECK_IN/fr": "x" } } },
        400,
        "COMMON_VALIDATION_FAILED"
      )
      expect(problem.errors).toMatchObject([{ pointer: "/body/templates/CHECK_IN/fr" }])
    }))

  it.effect("hands out the texts for review, word by word, with what they leave open", () =>
    Effect.gen(function*() {
      const texts = yield* good("channels.texts", yield* office)
      expect(texts).toContainEqual({
        template: "CHECK_IN/ko",
        locale: "ko",
        text: "[#{학원명}]\n#{학생명} 학생이 #{시각} #{수업명} 수업에 출석했습니다.",
        variables: ["#{학원명}", "#{학생명}", "#{시각}", "#{수업명}"]
      })
      expect(texts).toContainEqual(expect.objectContaining({ template: "SESSION_MOVED_STAFF/en", locale: "en" }))
    }))

  it.effect("keeps quiet hours until they are taken away, whatever else changes", () =>
    Effect.gen(function*() {
      const as = yield* office
      const settings = {
        checkInOpensBeforeMinutes: 30,
        lateAfterMinutes: 10,
        missingAfterMinutes: 10,
        rollChaseAfterMinutes: 10,
        closesAfterMinutes: 60,
        consecutiveAbsences: 3
      }
      const change = (body: object) => good("academy.change", { ...as, body })
      expect(yield* good("academy.show", as)).toMatchObject({ settings: { quietHours: null } })
      const quiet = { settings: { quietHours: { from: "03:00", until: "03:01" } } }
      expect(yield* change({ settings: { ...settings, ...quiet.settings } })).toMatchObject({ academy: quiet })
      expect(yield* change({ settings })).toMatchObject({ academy: quiet })
      expect(yield* good("academy.show", as)).toMatchObject(quiet)
      yield* change({ settings: { ...settings, quietHours: null } })
      expect(yield* good("academy.show", as)).toMatchObject({ settings: { ...settings, quietHours: null } })
      const never = { settings: { ...settings, quietHours: { from: "22:00", until: "22:00" } } }
      yield* refused("academy.change", { ...as, body: never }, 400, "COMMON_VALIDATION_FAILED")
    }))
}
