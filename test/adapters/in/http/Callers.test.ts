import { describe, expect, it } from "@effect/vitest"
import { Option } from "effect"
import { clientOf, trusting } from "../../../../src/adapters/in/http/Callers.ts"
import { rangesOf } from "../../../../src/Config.ts"

const trusted = trusting(Option.getOrThrow(rangesOf("10.0.0.0/8, ::1,2001:db8::/32")))

describe("who calls", () => {
  it.each<readonly [string, string | null, string | undefined, string | null]>([
    ["is the socket's other end", "203.0.113.7", undefined, "203.0.113.7"],
    ["is it also when it says to be another", "203.0.113.7", "198.51.100.1", "203.0.113.7"],
    ["is whom a proxy of ours speaks for", "10.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["is whom the outermost of our proxies speaks for", "10.0.0.1", "198.51.100.1, 10.2.3.4", "198.51.100.1"],
    ["is not what the client put in front of it", "10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"],
    ["may be a proxy that speaks for nobody", "10.0.0.1", "", "10.0.0.1"],
    ["may be behind proxies only", "10.0.0.1", "10.0.0.9", "10.0.0.9"],
    ["is the last that can be read", "10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"],
    ["may have a port", "10.0.0.1", "198.51.100.1:4711", "198.51.100.1"],
    ["may have a port over IPv6", "10.0.0.1", "[2001:db9::1]:4711, [::1]", "2001:db9::1"],
    ["has a port that is one", "10.0.0.1", "198.51.100.1:https", "10.0.0.1"],
    ["comes over IPv6", "::1", "2001:db8::1, 2001:db8::2", "2001:db8::1"],
    ["comes over IPv6 with an address of IPv4", "::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"],
    ["is nowhere without a socket", null, "198.51.100.1", null]
  ])("%s", (_, socket, forwarded, expected) => {
    expect(clientOf(trusted, socket, forwarded)).toBe(expected)
  })
})

describe("TRUSTED_PROXIES", () => {
  it.each(["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "proxy", "::1/129", "10.0.0.1:80"])("is not %s", (text) => {
    expect(Option.isNone(rangesOf(text))).toBe(true)
  })
  it("may be nobody", () => {
    expect(rangesOf("")).toEqual(Option.some([]))
  })
})
