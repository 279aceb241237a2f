/** Good requests of somebody who becomes a member, forgets something, and leaves: as a person would walk them. */
import { expect, type Vitest } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { person } from "../../../support/academy.ts"
import { becomes } from "../../../support/ams.ts"
import { Ams, World } from "../../../support/http.ts"
import { good, idOf, office, refused } from "./good.ts"

const Sms = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ body: Schema.String })))
const Statuses = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ status: Schema.String })))
const Sent = Schema.decodeUnknownSync(Schema.Struct({ verificationId: Schema.String }))
const Verified = Schema.decodeUnknownSync(Schema.Struct({ verificationToken: Schema.String }))
const Me = Schema.decodeUnknownSync(Schema.Struct({ memberId: Schema.String }))
const Acted = (lines: unknown) =>
  Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ action: Schema.String })))(lines).map(({ action }) => action)
const Tokens = Schema.decodeUnknownSync(Schema.Struct({ accessToken: Schema.String }))

let phones = 0
/** That nobody has. */
export const newPhone = () => `+8210${String(70_000_000 + ++phones)}`
const password = "a fine long one"

/** The text messages of a phone, the latest first. */
const texts = (phone: string) =>
  Effect.flatMap(
    Ams,
    ({ sql }) => sql(`select body from sandbox_message where recipient = '${phone}' order by at desc, id desc`)
  ).pipe(Effect.map(Sms))

export const codeSent = (phone: string, purpose: string) =>
  Effect.gen(function*() {
    // Somebody who had enough time between them.
    yield* (yield* Ams).sql("delete from rate_counter")
    const { verificationId } = Sent(yield* good("auth.sendCode", { body: { phone, purpose } }))
    const [latest] = yield* texts(phone)
    return { verificationId, code: /\d{6}/.exec(latest?.body ?? "")?.[0] ?? "", body: latest?.body ?? "" }
  })

/** The token of a phone that is shown to be one's own. */
export const shown = (phone: string, purpose = "SIGN_UP") =>
  Effect.gen(function*() {
    const { code, verificationId } = yield* codeSent(phone, purpose)
    return Verified(yield* good("auth.verifyCode", { body: { verificationId, code } })).verificationToken
  })

const yearsAgo = (years: number) => `${new Date().getFullYear() - years}-01-01`

export const signingUp = (it: Vitest.MethodsNonLive<Ams | World>) => {
  it.effect("gets a code by text message; a wrong one, a used one and one too many look the same", () =>
    Effect.gen(function*() {
      const phone = newPhone()
      const { body, code, verificationId } = yield* codeSent(phone, "SIGN_UP")
      expect(body).toBe(`[AMS] 인증번호 ${code} (5분 안에 입력)\n아무에게도 알려 주지 마세요.`)
      const wrong = code === "000000" ? "000001" : "000000"
      const guess = (code: string) =>
        refused("auth.verifyCode", { body: { verificationId, code } }, 422, "AUTH_CODE_REFUSED")
      const first = yield* guess(wrong)
      for (let tries = 2; tries <= 5; tries++) yield* guess(wrong)
      // The right one comes too late.
      const last = yield* guess(code)
      expect({ ...last, traceId: "", timestamp: "" }).toEqual({ ...first, traceId: "", timestamp: "" })

      const again = yield* codeSent(phone, "SIGN_UP")
      const right = { body: { verificationId: again.verificationId, code: again.code } }
      yield* good("auth.verifyCode", right)
      yield* refused("auth.verifyCode", right, 422, "AUTH_CODE_REFUSED")
      const { id } = (yield* World).a
      yield* refused(
        "auth.sendCode",
        { body: { phone, purpose: "LOGIN", academyId: phone } },
        400,
        "COMMON_VALIDATION_FAILED"
      )
      yield* good("auth.sendCode", { body: { phone, purpose: "LOGIN", academyId: id, locale: "en" } })
      expect((yield* texts(phone))[0]?.body).toBe(
        "[AMS] Nobody logs in with this number. Which one has your academy?"
      )
    }))

  it.effect("signs up as a parent, logs in by phone, finds the login id, resets the password, changes it, and leaves", () =>
    Effect.gen(function*() {
      const { a } = yield* World
      const phone = newPhone()
      const me = {
        academyId: a.id,
        role: "PARENT",
        name: "김영희",
        birthDate: "1985-03-02",
        loginId: "happy.parent",
        password
      }
      const signUp = (token: string, changed: object = {}) => ({
        body: { ...me, verificationToken: token, ...changed }
      })
      const token = yield* shown(phone)
      const weak = yield* refused("auth.signUp", signUp(token, { password: "password1" }), 422, "AUTH_PASSWORD_REFUSED")
      expect(weak.errors).toMatchObject([{ pointer: "/body/password", code: "COMMON" }])
      const own = { password: "my happy.parent 1" }
      yield* refused("auth.signUp", signUp(token, own), 422, "AUTH_PASSWORD_REFUSED")
      expect(yield* good("auth.signUp", signUp(token))).toMatchObject({
        academyId: a.id,
        name: "김영희",
        phone,
        roles: ["PARENT"],
        status: "ACTIVE",
        loginId: "happy.parent"
      })
      yield* refused("auth.signUp", signUp(token, { loginId: "happy.twice" }), 422, "AUTH_NOT_VERIFIED")
      yield* refused("auth.signUp", signUp(yield* shown(phone), { loginId: "happy.twice" }), 409, "AUTH_CANNOT_SIGN_UP")
      const other = signUp(yield* shown(newPhone()), { name: "김영미" })
      yield* refused("auth.signUp", other, 409, "MEMBER_LOGIN_ID_TAKEN")

      const byPhone = { verificationToken: yield* shown(phone, "LOGIN"), password }
      yield* refused("auth.loginByPhone", { body: { ...byPhone, password: "another" } }, 401, "AUTH_LOGIN_REFUSED")
      const { accessToken } = Tokens(yield* good("auth.loginByPhone", { body: byPhone }))
      expect(yield* good("auth.me", { token: accessToken })).toMatchObject({ academyId: a.id, roles: ["PARENT"] })
      yield* refused("auth.loginByPhone", { body: byPhone }, 422, "AUTH_NOT_VERIFIED")

      const forgot = { verificationToken: yield* shown(phone, "RESET_PASSWORD") }
      expect(yield* good("auth.findLoginId", { body: forgot })).toEqual([
        { loginId: "happy.parent", academyId: a.id, academyName: "academy A" }
      ])
      const reset = { ...forgot, loginId: "happy.parent" }
      yield* refused("auth.resetPassword", { body: { ...reset, password } }, 422, "AUTH_PASSWORD_REFUSED")
      yield* refused(
        "auth.resetPassword",
        { body: { ...reset, loginId: "another", password } },
        422,
        "AUTH_NOT_VERIFIED"
      )
      yield* good("auth.resetPassword", { body: { ...reset, password: "the second one" } })
      yield* refused("auth.login", { body: { loginId: "happy.parent", password } }, 401, "AUTH_LOGIN_REFUSED")
      const logsIn = (password: string) =>
        Effect.map(good("auth.login", { body: { loginId: "happy.parent", password } }), Tokens)
      const as = { token: (yield* logsIn("the second one")).accessToken }

      const change = (present: string, password: string) => ({ ...as, body: { present, password } })
      yield* refused("auth.changePassword", change("wrong one", "the third one"), 422, "AUTH_WRONG_PASSWORD")
      yield* refused("auth.changePassword", change("the second one", password), 422, "AUTH_PASSWORD_REFUSED")
      yield* good("auth.changePassword", change("the second one", "the third one"))
      yield* good("auth.me", as)

      const next = newPhone()
      yield* good("auth.changePhone", { ...as, body: { verificationToken: yield* shown(next, "CHANGE_PHONE") } })
      expect((yield* codeSent(phone, "CHANGE_PHONE")).body).toContain("인증번호")
      expect((yield* codeSent(next, "CHANGE_PHONE")).body).toContain("다른 회원이")

      yield* refused("auth.deactivate", { ...as, body: { present: "the second one" } }, 422, "AUTH_WRONG_PASSWORD")
      const { memberId } = Me(yield* good("auth.me", as))
      yield* good("auth.deactivate", { ...as, body: { present: "the third one" } })
      const acted = yield* good("audit.list", { ...yield* office, query: `?actorId=${memberId}` })
      expect(Acted(acted)).toEqual([
        "member.leave",
        "member.phone",
        "password.change",
        "login.open",
        "password.reset",
        "login.open",
        "member.sign-up"
      ])
      yield* refused(
        "auth.login",
        { body: { loginId: "happy.parent", password: "the third one" } },
        401,
        "AUTH_LOGIN_REFUSED"
      )
    }))

  it.effect("signs up as a child with a guardian's consent, or as whom the office has entered", () =>
    Effect.gen(function*() {
      const { a } = yield* World
      const as = yield* office
      const child = {
        academyId: a.id,
        role: "STUDENT",
        name: "이하늘",
        birthDate: yearsAgo(10),
        loginId: "happy.child",
        password,
        studentProfile: { schoolName: "한빛초", schoolType: "PRIMARY", grade: 4 }
      }
      const alone = { ...child, verificationToken: yield* shown(newPhone()) }
      yield* refused("auth.signUp", { body: alone }, 422, "AUTH_NEEDS_GUARDIAN")
      const phone = newPhone()
      const guardian = { verificationToken: yield* shown(phone), name: "이엄마", relationship: "MOTHER" }
      const studentId = idOf(yield* good("auth.signUp", { body: { ...alone, guardian } }))
      yield* (yield* Ams).settled
      const list = yield* good("members.list", { ...as, query: `?name=${encodeURIComponent("이하늘")}` })
      expect(list).toMatchObject([{ id: studentId, guardians: [{ name: "이엄마", relationship: "MOTHER" }] }])

      // The office had entered a parent without a birth date; the same name with another number is somebody for the office.
      const known = { ...person("PARENT"), name: "박영수" }
      const memberId = idOf(yield* good("members.create", { ...as, body: known }))
      const parent = {
        academyId: a.id,
        role: "PARENT",
        name: "박영수",
        birthDate: "1980-05-05",
        loginId: "happy.known",
        password
      }
      const claimed = yield* good("auth.signUp", {
        body: { ...parent, verificationToken: yield* shown(known.phone ?? "") }
      })
      expect(claimed).toMatchObject({ id: memberId, birthDate: "1980-05-05", loginId: "happy.known", version: 2 })
      const elsewhere = { ...parent, loginId: "happy.double", verificationToken: yield* shown(newPhone()) }
      yield* refused("auth.signUp", { body: elsewhere }, 409, "AUTH_CANNOT_SIGN_UP")
    }))

  it.effect("signs up as a teacher and waits for the manager's yes or no", () =>
    Effect.gen(function*() {
      const { a } = yield* World
      const as = yield* office
      const teacher = {
        academyId: a.id,
        role: "TEACHER",
        birthDate: "1990-01-01",
        password,
        teacherProfile: { specialty: "수학", careerYears: 3 }
      }
      const signUp = Effect.fnUntraced(function*(loginId: string) {
        const body = { ...teacher, name: loginId, loginId, verificationToken: yield* shown(newPhone()) }
        return idOf(yield* good("auth.signUp", { body }))
      })
      const [yes, no] = [yield* signUp("happy.teacher"), yield* signUp("happy.refused")]
      const login = (loginId: string) => ({ body: { loginId, password } })
      const { sql } = yield* Ams
      const told = (kind: string, about: string) =>
        becomes(
          Effect.map(
            sql(`select distinct m.status from notification n join message m on m.id = n.message_id
              where n.kind = '${kind}' and n.student_id = '${about}'`),
            Statuses
          ),
          (messages) => expect(messages).toEqual([{ status: "ACCEPTED" }])
        )
      yield* told("TEACHER_WAITING", yes)
      yield* refused("auth.login", login("happy.teacher"), 403, "AUTH_AWAITS_APPROVAL")
      expect(yield* good("members.approve", { ...as, params: { memberId: yes } })).toMatchObject({ status: "ACTIVE" })
      yield* good("auth.login", login("happy.teacher"))
      yield* told("MEMBER_APPROVED", yes)
      expect(yield* good("members.reject", { ...as, params: { memberId: no } })).toMatchObject({ status: "INACTIVE" })
      yield* refused("auth.login", login("happy.refused"), 401, "AUTH_LOGIN_REFUSED")
      yield* told("MEMBER_REJECTED", no)
      const again = { ...as, params: { memberId: yes } }
      const problem = yield* refused("members.approve", again, 409, "MEMBER_INVALID_STATUS")
      expect(problem).toMatchObject({ currentState: "ACTIVE", requestedState: "APPROVED" })
    }))

  it.effect("is corrected by the office, gets other roles, another custody, and leaves", () =>
    Effect.gen(function*() {
      const as = yield* office
      const { a } = yield* World
      const { classId, date } = a.own
      const memberId = idOf(yield* good("members.create", { ...as, body: person("STUDENT") }))
      const parentId = idOf(yield* good("members.create", { ...as, body: person("PARENT") }))
      const params = { memberId }
      expect(yield* good("members.edit", { ...as, params, body: { name: "최바다", birthDate: "2012-02-03" } }))
        .toMatchObject({ name: "최바다", birthDate: "2012-02-03", version: 2 })
      expect(yield* good("members.show", { ...as, params })).toMatchObject({ name: "최바다", version: 2 })
      const roles = { roles: ["STUDENT", "PARENT"] }
      yield* refused("members.changeRoles", { ...as, params, body: roles }, 422, "MEMBER_INCOMPLETE")
      yield* good("members.edit", { ...as, params, body: { phone: newPhone() } })
      expect(yield* good("members.changeRoles", { ...as, params, body: roles })).toMatchObject({ ...roles, version: 4 })
      yield* refused("members.changeRoles", { ...as, params, body: { roles: ["MANAGER"] } }, 403, "COMMON_NOT_ALLOWED")

      const link = { ...as, params: { studentId: memberId }, body: { parentId, relationship: "MOTHER" } }
      const guardianshipId = idOf(yield* good("members.linkGuardian", link))
      const guardian = { ...as, params: { studentId: memberId, guardianshipId } }
      expect(yield* good("members.changeGuardian", { ...guardian, body: { mayBeTold: false } }))
        .toMatchObject({ mayBeTold: false, relationship: "MOTHER", version: 2 })
      expect(yield* good("members.unlinkGuardian", guardian)).toMatchObject({ id: guardianshipId })
      yield* refused("members.unlinkGuardian", guardian, 404, "GUARDIANSHIP_NOT_FOUND")

      const body = { studentId: memberId, from: date, withoutGuardian: true, reason: "comes of age" }
      yield* good("enrollments.enroll", { ...as, params: { classId }, body })
      expect(yield* good("members.deactivate", { ...as, params })).toMatchObject({ status: "INACTIVE" })
      yield* refused("members.deactivate", { ...as, params }, 409, "MEMBER_INVALID_STATUS")
      yield* (yield* Ams).settled
      const seats = yield* (yield* Ams).sql(`select status from enrollment where student_id = '${memberId}'`)
      expect(seats).toEqual([{ status: "CANCELLED" }])
      // All of this somebody may ask about later; what was refused has left nothing.
      const lines = yield* good("audit.list", { ...as, query: `?subject=member/${memberId}` })
      expect(lines).toMatchObject([
        { action: "member.deactivate", actorId: a.manager.id, channel: "API", address: "127.0.0.1", academyId: a.id },
        { action: "member.roles", detail: "STUDENT, PARENT" },
        { action: "member.edit", detail: "phone" },
        { action: "member.edit", detail: "name, birthDate" },
        { action: "member.create", detail: "STUDENT" }
      ])
      const guardians = `?subject=member/${memberId}/guardian/${parentId}`
      expect(yield* good("audit.list", { ...as, query: guardians })).toMatchObject([
        { action: "guardianship.unlink" },
        { action: "guardianship.change", detail: "mayBeTold" },
        { action: "guardianship.link" }
      ])
      const teaches = { ...as, params: { memberId: a.own.teacher.id } }
      yield* refused("members.deactivate", teaches, 409, "MEMBER_STILL_TEACHES")
    }))
}
