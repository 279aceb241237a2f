/**
 * Any receiver of JSON, signed so that it can tell AMS from others:
 *
 * ```
 * POST <ALERT_WEBHOOK_URL>
 * X-AMS-Timestamp: 1764230979
 * X-AMS-Signature: v1=<hex>
 *
 * {"kind":"failure-group","fingerprint":"…","severity":"critical","summary":"…","facts":{…},"count":1,"at":"2026-…Z"}
 * ```
 *
 * The receiver takes the body's bytes as they came and
 * 1. refuses a timestamp (Unix seconds) more than 5 minutes away from its own clock;
 * 2. computes HMAC-SHA256 of `<timestamp>.<body>` with ALERT_WEBHOOK_SECRET, and refuses unless its hex, after `v1=`, equals
 *    the signature, compared in constant time;
 * 3. remembers signatures for 5 minutes and does nothing (but answers 200) for one that it has seen: an alert whose answer
 *    was lost is sent again, and it is the same to the byte.
 *
 * Any 2xx means that it arrived. `count` is how many alerts this tells.
 */
import { Clock, DateTime, Effect, Redacted } from "effect"
import { HttpClientRequest } from "effect/http"
import { createHmac } from "node:crypto"
import type { Notice, Sink } from "./Notice.ts"
import type { Post } from "./Posting.ts"

export const timestampHeader = "x-ams-timestamp"
export const signatureHeader = "x-ams-signature"

const bodyOf = ({ at, count, facts, fingerprint, kind, severity, summary }: Notice) =>
  JSON.stringify({ kind, fingerprint, severity, summary, facts, count, at: DateTime.formatIso(at) })

const sign = (secret: Redacted.Redacted, timestamp: string, body: string) =>
  `v1=${createHmac("sha256", Redacted.value(secret)).update(`${timestamp}.${body}`).digest("hex")}`

export const webhook = (post: Post, url: Redacted.Redacted, secret: Redacted.Redacted): Sink => ({
  name: "webhook",
  send: Effect.fnUntraced(function*(notice) {
    const timestamp = String(Math.floor((yield* Clock.currentTimeMillis) / 1000))
    const body = bodyOf(notice)
    yield* post(
      HttpClientRequest.post(Redacted.value(url)).pipe(
        HttpClientRequest.bodyText(body, "application/json"),
        HttpClientRequest.setHeaders({
          [timestampHeader]: timestamp,
          [signatureHeader]: sign(secret, timestamp, body)
        })
      )
    )
  })
})
