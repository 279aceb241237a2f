import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { item, load } from "../../../../../src/adapters/in/http/devInbox/Page.ts"
import { message } from "./message.ts"

const policyOf = (securityPolicy: string) =>
  Object.fromEntries(securityPolicy.split("; ").map((one) => [one.split(" ")[0] ?? "", one.split(" ").slice(1)]))
const inline = (html: string, tag: string) => html.split(`<${tag}>`)[1]?.split(`</${tag}>`)[0] ?? ""
const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

describe("a message of the inbox", () => {
  it("says to whom, on which channel, when in Seoul, and keeps its lines", () => {
    const html = item(message({
      recipient: "+821020000101",
      name: "김영희",
      body: "[한빛학원]\n김민준 학생이 출석했습니다.\n김서연 학생이 출석했습니다.",
      at: new Date("2026-11-27T15:05:00Z")
    }))
    expect(html).toContain(`data-name="김영희"`)
    expect(html).toContain(`data-to="+821020000101"`)
    expect(html).toContain("010-2000-0101")
    expect(html).toContain("카카오 알림톡")
    expect(html).toContain("<b>[한빛학원]</b>\n김민준 학생이 출석했습니다.\n김서연")
    expect(html).toContain("11월 28일 토요일")
    expect(html).toContain(`datetime="2026-11-27T15:05:00.000Z"`)
    expect(html).toMatch(/>오전 12:05<\/time>/)
  })

  it("is shown for whom no name is known, on a channel that no phone has a word for", () => {
    const html = item(message({ name: null, recipient: "+14155550100", channel: "PIGEON" }))
    expect(html).toContain(`data-name=""`)
    expect(html).toContain("+14155550100")
    expect(html).toContain("<h3>PIGEON</h3>")
  })

  it.each(["name", "recipient", "channel", "body"] as const)("cannot bring HTML in its %s", (field) => {
    const html = item(message({ [field]: `"'><script>alert(1)</script>&` }))
    expect(html).not.toContain("<script")
    expect(html).not.toContain(`"'>`)
    expect(html).toContain("&#34;&#39;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#38;")
  })

  it.effect("cannot bring a part of the page", () =>
    Effect.gen(function*() {
      const { html } = yield* load
      expect(html([message({ body: "{{script}} $& $1" })])).toContain(">{{script}} $&#38; $1<")
    }))
})

describe("the page", () => {
  it.effect("needs nothing from anywhere else, and lets nothing else in", () =>
    Effect.gen(function*() {
      const { html, securityPolicy } = yield* load
      const text = html([message({})])
      const [style, script] = [inline(text, "style"), inline(text, "script")]
      expect(script.length).toBeGreaterThan(0)
      expect(policyOf(securityPolicy)).toMatchObject({
        "default-src": ["'none'"],
        "style-src": [hash(style)],
        "script-src": [hash(script)],
        "connect-src": ["'self'"]
      })
      expect(text.match(/<(script|style|link|img|iframe|object)\b/g)).toEqual(["<link", "<style", "<script"])
      expect(text).toMatch(/<link rel="icon" href="data:/)
      expect(style).not.toMatch(/url\(|@import/)
      // Attributes of this kind would need an exception.
      expect(text).not.toMatch(/<[^>]+\s(style|on\w+)=/)
    }))

  it.effect("is a list without the script, and says what to do when there is none", () =>
    Effect.gen(function*() {
      const { html } = yield* load
      const ids = ["01960000-0000-7000-8000-000000000001", "01960000-0000-7000-8000-000000000002"]
      const text = html(ids.map((id) => message({ id })))
      expect([...text.matchAll(/<li class="message" data-id="([^"]+)"/g)].map(([, id]) => id)).toEqual(ids)
      expect(html([])).toContain("npm run demo")
    }))
})
