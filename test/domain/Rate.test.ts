import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { IpNetwork, NetAddress } from "effect/net"
import { networkOf } from "../../src/domain/Rate.ts"

describe("what is counted of an address", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["2001:0db8:0001:0002::", "2001:db8:1:2::/64"],
    ["2001:DB8:A:b::1", "2001:db8:a:b::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"]
  ])("of %s is %s", (address, expected) => {
    expect(networkOf(address)).toBe(expected)
  })

  it("is the same for all who have none", () => {
    expect(networkOf(null)).toBe("nowhere")
  })

  const Group = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff }))
  it.prop(
    "is over IPv6 the network of the first 64 bits, however the address is written",
    [Schema.Array(Group).check(Schema.isMinLength(8), Schema.isMaxLength(8))],
    ([groups]) => {
      const written = groups.map((group) => group.toString(16).padStart(4, "0")).join(":")
      const address = NetAddress.ipFromStringUnsafe(written)
      const network = IpNetwork.format(IpNetwork.fromAddressUnsafe(address, 64))
      const counted = networkOf(written)
      expect(networkOf(NetAddress.formatIp(address))).toBe(counted)
      const [first = ""] = counted.split("::/64")
      expect(IpNetwork.format(IpNetwork.fromAddressUnsafe(NetAddress.ipFromStringUnsafe(`${first}:0:0:0:0`), 64))).toBe(
        network
      )
    }
  )
})
