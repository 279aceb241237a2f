/** FCM and Google's token end-point on a socket, with answers to be put in the place of the right ones; and a repository. */
import { Effect, Layer, Redacted } from "effect"
import * as jose from "jose"
import { PushTargetId } from "../../../../../src/domain/Ids.ts"
import type { Device } from "../../../../../src/ports/NotificationPort.ts"
import { PushTargetRepository } from "../../../../../src/ports/PushTargetRepository.ts"
import type { StorageUnavailable } from "../../../../../src/ports/UnitOfWork.ts"
import { provider, type Reply } from "../server.ts"

const { privateKey, publicKey } = await jose.generateKeyPair("RS256", { extractable: true })
export { publicKey }
export const pem = Redacted.make(await jose.exportPKCS8(privateKey))

export const device = (number: number): Device => ({
  id: PushTargetId.make(`0197f000-0000-7000-8000-00000000000${number}`),
  token: `device-${number}`
})

export interface Script {
  /** In the place of the right answers, one after another. */
  readonly tokens?: ReadonlyArray<Reply>
  /** By a device's token, one after another. */
  readonly sends?: Readonly<Record<string, ReadonlyArray<Reply>>>
}

export const refusal = (status: number, googles: string, fcms?: string): Reply => ({
  status,
  json: {
    error: {
      code: status,
      message: "…",
      status: googles,
      details: fcms === undefined
        ? []
        : [{ "@type": "type.googleapis.com/google.rpc.Help" }, {
          "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
          errorCode: fcms
        }]
    }
  }
})

/** The provider with its journal: of tokens, and of messages. */
export const serving = Effect.fnUntraced(function*({ sends = {}, tokens = [] }: Script = {}) {
  let asked = 0
  const sent: Array<{ readonly bearer: string | undefined; readonly message: { readonly token: string } }> = []
  const { journal, url } = yield* provider(({ body, call, headers }) => {
    if (call === "POST /token") {
      const number = ++asked
      return tokens[number - 1] ??
        { json: { access_token: `access-${number}`, expires_in: 3600, token_type: "Bearer" } }
    }
    const { message } = JSON.parse(body)
    const before = sent.filter((one) => one.message.token === message.token).length
    sent.push({ bearer: headers.authorization, message })
    const name = `projects/our-project/messages/${message.token}`
    return sends[message.token]?.[before] ?? { json: { name } }
  })
  return {
    journal,
    sent,
    tokensAsked: () => asked,
    url,
    serviceAccount: { clientEmail: "ams@our-project.iam", privateKey: pem, tokenUrl: `${url}/token` }
  }
})

/** Keeps those that were dropped; fails when told so. */
export const targets = (failing?: StorageUnavailable) => {
  const dropped: Array<Device> = []
  const layer = Layer.mock(PushTargetRepository, {
    drop: (device) => failing === undefined ? Effect.sync(() => void dropped.push(device)) : Effect.fail(failing)
  })
  return { dropped, layer }
}
