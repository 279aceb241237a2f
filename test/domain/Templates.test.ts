import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { template, templateNames } from "../../src/domain/NotificationText.ts"
import { type OwnTemplate, ownTemplates, templateProblems, whyOff } from "../../src/domain/Templates.ts"
import { checkTemplates } from "../../src/Serve.ts"

const broken = (text: string, locale: OwnTemplate["locale"] = "ko") =>
  templateProblems([{ key: "CHECK_IN/ko", locale, text }])

describe("the templates of AMS", () => {
  it("can all go out, whatever stands in their variables", () => {
    expect(ownTemplates).toHaveLength(2 * templateNames.length)
    expect(templateProblems(ownTemplates)).toEqual([])
  })
})

describe("a broken template is caught:", () => {
  it.each(
    [
      ["a variable that nobody fills", "[#{학원명}] #{학생} 출석", "#{학생} is no variable of a template in ko"],
      ["a variable of the other language", "#{student} 출석", "#{student} is no variable of a template in ko"],
      ["a variable that does not end", "출석 #{학생명", "#{학생명 is no variable of a template in ko"],
      ["nothing", "\n", "it is empty"],
      ["a letter that text messages have not", "출석 🎉", "it has a letter that a text message cannot show"],
      ["letters in parts", "출석".normalize("NFD"), "it has a letter that a text message cannot show"]
    ] as const
  )("%s", (_, text, problem) => {
    expect(broken(text)).toEqual([`template CHECK_IN/ko: ${problem}`])
  })

  it("one that is too long only when its variables are", () => {
    expect(broken(`#{학원명}${"가".repeat(900)}`)).toEqual([])
    expect(broken(`#{학원명}${"가".repeat(901)}`)).toEqual([
      "template CHECK_IN/ko: 2002 bytes at its longest, a text message has 2000",
      "template CHECK_IN/ko: 1001 letters at its longest, an AlimTalk has 1000"
    ])
    expect(broken("a".repeat(1_001), "en")).toEqual([
      "template CHECK_IN/ko: 1001 letters at its longest, an AlimTalk has 1000"
    ])
  })
})

describe("AMS", () => {
  it.effect("does not start with a broken template, and says in one line which", () =>
    Effect.gen(function*() {
      yield* checkTemplates(ownTemplates)
      const refused = yield* Effect.flip(
        checkTemplates([{ key: "CHECK_IN/ko", locale: "ko", text: "#{누구} 🎉" }, ...ownTemplates])
      )
      expect(refused._tag).toBe("CannotServe")
      expect(refused.message).toBe(
        "template CHECK_IN/ko: #{누구} is no variable of a template in ko; " +
          "template CHECK_IN/ko: it has a letter that a text message cannot show"
      )
    }))
})

describe("a template at the provider", () => {
  const content = template("CHECK_IN", "ko")

  it.each(
    [
      ["that is ours is used", "CHECK_IN/ko", { content, status: "APPROVED" }, null],
      ["is used also with Windows' line ends", "CHECK_IN/ko", {
        content: content.replaceAll("\n", "\r\n"),
        status: "APPROVED"
      }, null],
      ["with one letter more is not", "CHECK_IN/ko", { content: `${content} `, status: "APPROVED" }, "other-text"],
      ["of another kind is not", "LATE/ko", { content, status: "APPROVED" }, "other-text"],
      ["that still waits is not", "CHECK_IN/ko", { content, status: "INSPECTING" }, "status-inspecting"],
      ["that was rejected is not", "CHECK_IN/ko", { content, status: "REJECTED" }, "status-rejected"],
      ["that is not there is not", "CHECK_IN/ko", null, "unknown-at-provider"],
      ["under a name that AMS has not is not", "CHEKIN/ko", { content, status: "APPROVED" }, "no-such-template"]
    ] as const
  )("%s", (_, key, theirs, why) => {
    expect(whyOff(key, theirs)).toBe(why)
  })
})
