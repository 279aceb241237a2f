/** From where a request comes: the socket's other end, or whom a proxy of ours says it speaks for. */
import { Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import { BlockList, isIP } from "node:net"
import type { From } from "../../../ports/Caller.ts"

/** Addresses that have their first bits in common. */
export interface Range {
  readonly address: string
  readonly bits: number
}

/** IPv4 that came over IPv6 is IPv4. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "")

/** Some proxies (Azure's) add the port. */
const withoutPort = (hop: string): string =>
  /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)?.[1] ?? /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? hop

export type Trusted = (address: string) => boolean

/** Only what these say of others is believed. */
export const trusting = (ranges: ReadonlyArray<Range>): Trusted => {
  const list = new BlockList()
  for (const { address, bits } of ranges) list.addSubnet(address, bits, isIP(address) === 6 ? "ipv6" : "ipv4")
  return (address) => {
    const version = isIP(address)
    return version !== 0 && list.check(address, version === 6 ? "ipv6" : "ipv4")
  }
}

/**
 * Whom the proxies in front speak for: each has put the address that it was called from at the end of the list, so it is read
 * from there, as long as whoever wrote it is one of ours. What else stands there the client has made up.
 */
export const clientOf = (trusted: Trusted, socket: string | null, forwarded: string | undefined): string | null => {
  let address = socket === null ? null : plain(socket)
  for (const hop of (forwarded ?? "").split(",").toReversed()) {
    const said = plain(withoutPort(hop.trim()))
    if (address === null || !trusted(address) || isIP(said) === 0) return address
    address = said
  }
  return address
}

const longestDevice = 200

export const callerOf = (trusted: Trusted) => (request: HttpServerRequest.HttpServerRequest): From => {
  const device = request.headers["user-agent"]?.replace(/[^\x20-\x7e]/g, "").slice(0, longestDevice) ?? ""
  return {
    address: clientOf(trusted, Option.getOrNull(request.remoteAddress), request.headers["x-forwarded-for"]),
    device: device === "" ? null : device
  }
}
