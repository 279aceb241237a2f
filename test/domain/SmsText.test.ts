import { assert, describe, it } from "@effect/vitest"
import { eucKrBytes, forSms } from "../../src/domain/SmsText.ts"

describe("a text message", () => {
  it("is counted in the bytes of EUC-KR: two for a syllable, one for a plain letter", () => {
    assert.strictEqual(eucKrBytes("김민준 16:01"), 12)
    assert.strictEqual(eucKrBytes("가".repeat(45)), 90)
    assert.strictEqual(eucKrBytes("[한빛]\n학생"), 11)
    // In UTF-8 it would be three.
    assert.strictEqual(eucKrBytes("힘"), 2)
  })

  it("is composed, and has plain punctuation", () => {
    assert.strictEqual(forSms("한".normalize("NFD")), "한")
    assert.strictEqual(forSms("“등원” – ‘확인’…\u00A0끝\u200B"), "\"등원\" - '확인'... 끝")
  })

  it("writes rare syllables in their letters, so that nobody reads another name", () => {
    assert.strictEqual(forSms("김믜선 뷁 힣 똠방"), "김ㅁㅢ선 ㅂㅞㄺ ㅎㅣㅎ ㄸㅗㅁ방")
    assert.strictEqual(eucKrBytes(forSms("믜")), 4)
  })

  it("leaves out what a phone could not show, rather than nobody told", () => {
    assert.strictEqual(forSms("수학🔥 A반👨‍👩‍👧 ok"), "수학 A반 ok")
    assert.strictEqual(forSms("ñandú\u0007"), "and")
  })

  it("counts what it lets through", () => {
    for (const text of ["김서연 학생이 16:01 중2 수학", "Ⅷ ㎡ → ※ 漢字", "a\nb"]) {
      assert.strictEqual(forSms(text), text)
      const known = [...text].reduce((sum, letter) => sum + (letter <= "~" ? 1 : 2), 0)
      assert.strictEqual(eucKrBytes(text), known)
    }
  })
})
