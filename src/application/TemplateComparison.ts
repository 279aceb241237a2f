/** Whether the texts that the provider has approved are ours: KakaoTalk refuses a message that is not its template. */
import { Effect, Option, Result } from "effect"
import type { AcademyId } from "../domain/Ids.ts"
import { whyOff } from "../domain/Templates.ts"
import { type Account, ProviderAccount, type ProviderSilent } from "../ports/ProviderAccount.ts"
import { TemplateStates } from "../ports/TemplateStates.ts"

export interface Compared {
  /** Whose own template it is; `null`: the system's. */
  readonly academyId: AcademyId | null
  /** As in `CHECK_IN/ko`. */
  readonly template: string
  /** Why it was off before; `null` when it was on. */
  readonly was: string | null
  /** Why it must be off; `null` when it may be used. Or the provider does not tell. */
  readonly found: Result.Result<string | null, ProviderSilent>
}

/** Asked at the same moment. */
const atOnce = 4

const compare = Effect.fnUntraced(function*(
  account: Account,
  { credentials, providerId, ...which }: Omit<Compared, "found"> & {
    readonly providerId: string
    readonly credentials: string | null
  }
) {
  const theirs = yield* Effect.result(account.template(providerId, credentials))
  return { ...which, found: Result.map(theirs, (one) => whyOff(which.template, one)) }
})

/** The system's templates; none without a provider. */
export const compareSystems = Effect.gen(function*() {
  const { account } = yield* ProviderAccount
  if (Option.isNone(account)) return []
  const off = yield* (yield* TemplateStates).systemOff
  return yield* Effect.forEach(
    Object.entries(account.value.templates),
    ([template, providerId]) =>
      compare(account.value, { academyId: null, template, providerId, credentials: null, was: off[template] ?? null }),
    { concurrency: atOnce }
  )
})

/** Academies' own ones. */
export const compareOwn = Effect.gen(function*() {
  const { account } = yield* ProviderAccount
  if (Option.isNone(account)) return []
  return yield* Effect.forEach(
    yield* (yield* TemplateStates).own,
    ({ off, ...own }) => compare(account.value, { ...own, was: off }),
    { concurrency: atOnce }
  )
})
