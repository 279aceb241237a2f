/** How AMS finds the fake providers. */
import { ConfigProvider, Effect } from "effect"
import { load, type Settings } from "../../../src/Config.ts"
import { ownTemplates } from "../../../src/domain/Templates.ts"
import type { Template } from "./solapiMessage.ts"
import type { Providers } from "./start.ts"

/** Every template of AMS, as if SOLAPI had approved all of them. */
export const approved: ReadonlyArray<Template & { readonly key: string }> = ownTemplates.map(({ key, text }) => ({
  key,
  templateId: `KA01TP_${key.replace("/", "_").toUpperCase()}`,
  name: key.replace("/", " "),
  content: text
}))

/** The environment of an AMS that talks to them. */
export const environmentOf = (providers: Providers): Readonly<Record<string, string>> => ({
  SOLAPI_URL: providers.solapiUrl,
  SOLAPI_API_KEY: providers.apiKey,
  SOLAPI_API_SECRET: providers.apiSecret,
  SOLAPI_SENDER: providers.sender,
  SOLAPI_PF_ID: providers.profile,
  SOLAPI_TEMPLATES: approved.map(({ key, templateId }) => `${key}=${templateId}`).join(","),
  SOLAPI_WEBHOOK_SECRET: providers.webhookSecret,
  FCM_URL: providers.fcmUrl,
  FCM_TOKEN_URL: providers.tokenUrl,
  FCM_SERVICE_ACCOUNT: providers.serviceAccount
})

/** The settings of such an environment. */
export const settingsOf = (env: Readonly<Record<string, string>>): Effect.Effect<Settings> =>
  load.pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))), Effect.orDie)
