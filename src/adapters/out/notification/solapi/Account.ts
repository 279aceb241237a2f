/** What AMS asks SOLAPI besides sending: its balance, and what it has approved. */
import { Effect, Layer, Option } from "effect"
import { type Account, ProviderAccount, ProviderSilent } from "../../../../ports/ProviderAccount.ts"
import { Seals } from "../../../../ports/Seals.ts"
import type { Trouble } from "./Outcomes.ts"
import type { Solapi } from "./Solapi.ts"

const silent = ({ sign }: Pick<Trouble, "sign">) => new ProviderSilent({ rule: `solapi-${sign}` })

const accountOf = (solapi: Solapi, templates: Account["templates"], { open }: Seals["Service"]): Account => {
  const unsealed = (sealed: string) =>
    Effect.mapError(open(Buffer.from(sealed, "base64")), () => new ProviderSilent({ rule: "own-account-sealed" }))
  const accountWith = (credentials: string | null) =>
    Effect.mapError(Effect.fromOption(solapi.account(credentials)), () => silent({ sign: "own-account" }))
  const accountFor = (sealed: string | null) =>
    sealed === null ? accountWith(null) : Effect.flatMap(unsealed(sealed), accountWith)
  return {
    templates,
    balance: accountFor(null).pipe(
      Effect.flatMap((account) => Effect.mapError(account.balance, silent)),
      // Points pay for messages as money does.
      Effect.map(({ balance, point }) => balance + point)
    ),
    template: (id, sealed) =>
      Effect.flatMap(accountFor(sealed), (account) =>
        account.template(id).pipe(
          Effect.map(({ content, status }) => ({ content, status })),
          // A 404 of whatever stands between us says nothing of templates.
          Effect.catchIf(({ status, told }) => status === 404 && told, () => Effect.succeed(null)),
          Effect.mapError(silent)
        ))
  }
}

/** `null`: SOLAPI is not set up. */
export const layer = (setUp: { readonly solapi: Solapi; readonly templates: Account["templates"] } | null) =>
  Layer.effect(
    ProviderAccount,
    Effect.map(Seals, (seals) =>
      ProviderAccount.of({
        account: Option.map(
          Option.fromNullOr(setUp),
          ({ solapi, templates }) => accountOf(solapi, templates, seals)
        )
      }))
  )
