/** Our account with the provider that carries KakaoTalk and text messages, apart from sending. */
import { Context, Data, type Effect, type Option } from "effect"
import type { ProvidersTemplate } from "../domain/Templates.ts"

/** The provider could not be asked, or did not tell. `rule` as in `solapi-http-403`. */
export class ProviderSilent extends Data.TaggedError("ProviderSilent")<{ readonly rule: string }> {
  override readonly message = `the provider does not tell: ${this.rule}`
}

export interface Account {
  /** KRW that messages can still be paid with. */
  readonly balance: Effect.Effect<number, ProviderSilent>
  /** The system's approved templates by names as `CHECK_IN/ko`, with their ids at the provider. */
  readonly templates: Readonly<Record<string, string>>
  /** `null`: it has none with this id. `credentials`: an academy's own account, sealed; `null`: the system's. */
  readonly template: (
    id: string,
    credentials: string | null
  ) => Effect.Effect<ProvidersTemplate | null, ProviderSilent>
}

export class ProviderAccount extends Context.Service<ProviderAccount, {
  /** None where no provider is set up. */
  readonly account: Option.Option<Account>
}>()("ams/ProviderAccount") {}
