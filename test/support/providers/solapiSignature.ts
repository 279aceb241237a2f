/** Who may ask SOLAPI: HMAC-SHA256 over the date and the salt, at most 15 minutes off, each signature good once. */
import { createHmac, timingSafeEqual } from "node:crypto"

/** As SOLAPI writes an error. */
export interface Problem {
  readonly errorCode: string
  readonly errorMessage: string
}
export const problem = (errorCode: string, errorMessage: string): Problem => ({ errorCode, errorMessage })

const skewMs = 15 * 60_000
const form = /^HMAC-SHA256 apiKey=([^,\s]+), ?date=([^,\s]+), ?salt=([^,\s]+), ?signature=([0-9a-f]+)$/

export const signatureOf = (apiSecret: string, date: string, salt: string) =>
  createHmac("sha256", apiSecret).update(date + salt).digest("hex")

/** A header as a client writes it, for tests that speak to the fake themselves. */
export const authorization = (
  { apiKey, apiSecret, date, salt }: {
    readonly apiKey: string
    readonly apiSecret: string
    readonly date: string
    readonly salt: string
  }
) => `HMAC-SHA256 apiKey=${apiKey}, date=${date}, salt=${salt}, signature=${signatureOf(apiSecret, date, salt)}`

/** What is wrong with a header, `undefined` when it is good; a good one is used up by being asked about. */
export const makeSignatures = (secrets: ReadonlyMap<string, string>, clock: () => number) => {
  const used = new Set<string>()
  return (header: string | undefined): Problem | undefined => {
    const [, apiKey = "", date = "", salt = "", signature = ""] = form.exec(header ?? "") ?? []
    const secret = secrets.get(apiKey)
    if (secret === undefined) return problem("InvalidAPIKey", "유효하지 않은 API Key 입니다.")
    if (!(Math.abs(Date.parse(date) - clock()) <= skewMs)) {
      return problem("RequestTimeTooSkewed", "요청 시각이 서버 시각과 15분 이상 차이납니다.")
    }
    const right = Buffer.from(signatureOf(secret, date, salt))
    const given = Buffer.from(signature)
    if (salt.length < 12 || salt.length > 64 || given.length !== right.length || !timingSafeEqual(given, right)) {
      return problem("SignatureDoesNotMatch", "생성한 Signature와 일치하지 않습니다.")
    }
    if (used.has(signature)) return problem("DuplicatedSignature", "이미 사용된 Signature 입니다.")
    used.add(signature)
    return undefined
  }
}
