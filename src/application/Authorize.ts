/**
 * Who is asking, and may they? The login, its member and the roles come from PostgreSQL through a cache of one second,
 * never from the token: who is deactivated or logged out is out for requests that begin a second after the commit.
 */
import { Cache, Context, Duration, Effect, Exit, Layer, Option } from "effect"
import { AcademyNotNamed, NotAllowed, NotFound } from "../domain/Errors.ts"
import type { AcademyId, LoginSessionId } from "../domain/Ids.ts"
import { type Actor, grantedBy, type Permission, type Role } from "../domain/Permission.ts"
import { AcademyRepository } from "../ports/AcademyRepository.ts"
import { MemberRepository } from "../ports/MemberRepository.ts"
import { type Claims, InvalidToken } from "../ports/Tokens.ts"
import type { StorageUnavailable } from "../ports/UnitOfWork.ts"

/**
 * The member whose request this is: each call brings its own.
 *
 * @effect-leakable-service
 */
export class CurrentActor extends Context.Service<CurrentActor, Actor>()("ams/CurrentActor") {}

export class Authorize extends Context.Service<Authorize, {
  /**
   * The actor behind a token. `named`: the academy that an administrator speaks for; others keep their own. Fails
   * `InvalidToken` when the login has ended or the member is not ACTIVE, `NotFound` when no such academy exists.
   */
  readonly identify: (
    claims: Claims,
    named: Option.Option<AcademyId>
  ) => Effect.Effect<Actor, InvalidToken | NotFound | StorageUnavailable>
  /** Who an actor is by now, who was identified before. Fails as `identify` does. */
  readonly again: (actor: Actor) => Effect.Effect<Actor, InvalidToken | NotFound | StorageUnavailable>
}>()("ams/Authorize") {
  static readonly layer = Layer.effect(
    Authorize,
    Effect.gen(function*() {
      const members = yield* MemberRepository
      const academies = yield* AcademyRepository
      const actors = yield* Cache.makeWith((session: LoginSessionId) => members.actor(session), {
        capacity: 50_000,
        // What failed is asked again.
        timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.seconds(1) : Duration.zero)
      })
      const identify = Effect.fnUntraced(function*(
        { memberId, session }: Pick<Actor, "memberId" | "session">,
        named: Option.Option<AcademyId>
      ) {
        const found = session === undefined ? Option.none() : yield* Cache.get(actors, session)
        if (Option.isNone(found) || found.value.memberId !== memberId) return yield* new InvalidToken()
        const actor = found.value
        if (!actor.roles.includes("ADMINISTRATOR") || Option.isNone(named)) return actor
        const academy = yield* academies.find(named.value)
        if (Option.isNone(academy)) return yield* new NotFound({ what: "academy", id: named.value })
        return { ...actor, academyId: named.value }
      })
      return Authorize.of({
        identify: ({ memberId, sessionId }, named) => identify({ memberId, session: sessionId }, named),
        again: (actor) => identify(actor, Option.fromNullOr(actor.academyId))
      })
    })
  )
}

/** An actor inside an academy, with the role that allows what is asked. */
export interface Allowed extends Actor {
  readonly academyId: AcademyId
  readonly role: Role
}

/** The current actor, if the table of permissions allows it. */
export const allow = Effect.fnUntraced(function*(permission: Permission) {
  const actor = yield* CurrentActor
  const role = grantedBy(actor, permission)
  if (role === undefined) return yield* new NotAllowed({ permission })
  return { ...actor, role }
})

/** The same, and inside an academy: an administrator must have named one. */
export const allowInAcademy = Effect.fnUntraced(function*(permission: Permission): Effect.fn.Return<
  Allowed,
  NotAllowed | AcademyNotNamed,
  CurrentActor
> {
  const actor = yield* allow(permission)
  if (actor.academyId === null) return yield* new AcademyNotNamed()
  return { ...actor, academyId: actor.academyId }
})
