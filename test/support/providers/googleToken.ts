/** Google's token end-point, for one service account whose key was made for it. */
import * as jose from "jose"
import { generateKeyPair, randomBytes } from "node:crypto"
import { promisify } from "node:util"
import type { Answer, Provider } from "./serve.ts"

const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
const scope = "https://www.googleapis.com/auth/firebase.messaging"

const makeKeys = () => promisify(generateKeyPair)("rsa", { modulusLength: 2048 })
let made: ReturnType<typeof makeKeys> | undefined
/** One pair a process: making it takes longer than everything else here. */
export const keys = () => (made ??= makeKeys())

export const clientEmail = "ams@fake-project.iam.gserviceaccount.com"

const refused = (error: string, error_description: string): Answer => ({
  status: 400,
  body: { error, error_description }
})

/** `seconds`: how long a token is good. `tokenUrl` is this end-point as its clients know it. */
export const makeGoogleToken = ({ clock, publicKey, seconds, tokenUrl }: {
  readonly publicKey: Awaited<ReturnType<typeof keys>>["publicKey"]
  readonly tokenUrl: () => string
  readonly clock: () => number
  readonly seconds: number
}) => {
  const issued = new Map<string, number>()
  let refreshes = 0

  const judge = async (assertion: string): Promise<Answer | undefined> => {
    try {
      const { payload } = await jose.jwtVerify(assertion, publicKey, {
        algorithms: ["RS256"],
        issuer: clientEmail,
        audience: tokenUrl(),
        requiredClaims: ["iat", "exp"],
        maxTokenAge: "1h",
        currentDate: new Date(clock())
      })
      if ((payload.exp ?? 0) - (payload.iat ?? 0) > 3_600) return refused("invalid_grant", "Token must be short-lived.")
      return String(payload["scope"]).split(" ").includes(scope)
        ? undefined
        : refused("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    } catch (error) {
      return refused("invalid_grant", `Invalid JWT: ${String(error)}`)
    }
  }

  const provider: Provider = {
    name: "token",
    stepOf: (method, path) => (method === "POST" && path === "/token" ? "token" : undefined),
    recipients: () => [],
    refuses: () => undefined,
    handle: async ({ body }) => {
      const form = new URLSearchParams(body)
      if (form.get("grant_type") !== grantType) return refused("unsupported_grant_type", "Invalid grant_type")
      const refusal = await judge(form.get("assertion") ?? "")
      if (refusal !== undefined) return refusal
      refreshes += 1
      const access_token = `ya29.${randomBytes(24).toString("base64url")}`
      issued.set(access_token, clock() + seconds * 1_000)
      return { status: 200, body: { access_token, expires_in: seconds, token_type: "Bearer" } }
    },
    problem: (status) => ({
      error: status >= 500 ? "internal_failure" : "invalid_request",
      error_description: `HTTP ${status}`
    })
  }
  return {
    provider,
    isLive: (accessToken: string) => (issued.get(accessToken) ?? 0) > clock(),
    /** How many tokens were given out. */
    refreshes: () => refreshes,
    /** Whoever has a token needs another one. */
    expireAll: () => issued.clear()
  }
}
