import { Effect, type Layer } from "effect"
import { Command } from "effect/cli"
import type { AcademyCommands } from "../../../application/commands/AcademyCommands.ts"
import type { ClassCommands } from "../../../application/commands/ClassCommands.ts"
import type { EnrollmentCommands } from "../../../application/commands/EnrollmentCommands.ts"
import type { MemberCommands } from "../../../application/commands/MemberCommands.ts"
import { MemberRepository } from "../../../ports/MemberRepository.ts"
import { Installation } from "./Installation.ts"
import { answer, Failed, table } from "./Output.ts"
import { academyName, plant, sampleLogins } from "./Seed.ts"

const handle = Effect.fnUntraced(function*() {
  const { setup } = yield* Installation
  if (setup.environment === "production") {
    return yield* new Failed({
      message:
        "the sample academy has passwords that everybody knows: not in production (AMS_ENV=development allows it)"
    })
  }
  const members = yield* MemberRepository
  if (yield* members.hasAdministrator) {
    return yield* new Failed({
      message: "an administrator exists already: the sample academy is planted in an empty database only"
    })
  }
  const academyId = yield* plant.pipe(
    Effect.mapError((error) =>
      error._tag === "StorageUnavailable"
        ? error
        : new Failed({
          message: `the sample academy is there in part only (${error._tag}): begin with an empty database`
        })
    )
  )
  yield* answer({ academyId, academy: academyName, logins: sampleLogins }, () =>
    [
      `Planted the sample academy ${academyName} (${academyId}). Its logins:`,
      "",
      table(sampleLogins, [
        { title: "LOGIN ID", value: ({ loginId }) => loginId },
        { title: "PASSWORD", value: ({ password }) => password },
        { title: "WHO", value: ({ who }) => who }
      ])
    ].join("\n"))
})

/** `ams seed` */
export const seed = <E, R>(
  needs: Layer.Layer<
    Installation | MemberRepository | AcademyCommands | ClassCommands | EnrollmentCommands | MemberCommands,
    E,
    R
  >
) =>
  Command.make("seed", {}, handle).pipe(
    Command.withDescription("Plant the sample academy into an empty database, for development"),
    Command.provide(needs)
  )
