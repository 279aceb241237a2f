import { ByteSize, Effect, FileSystem, Layer, Stdio, Stream, Terminal } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { ImportCommands } from "../../../application/commands/ImportCommands.ts"
import { AcademyId } from "../../../domain/Ids.ts"
import { type ImportKind, type ImportReport, limits } from "../../../domain/Import.ts"
import type { ImportProblem } from "../../../domain/ImportProblem.ts"
import { answer, Failed, list, Misused, progress } from "./Output.ts"

interface Input {
  readonly file: string
  readonly academy: AcademyId
  readonly dryRun: boolean
}

/** One byte more than may be, so that a larger file is refused as such and not read to its end. */
const contentOf = Effect.fnUntraced(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  const chunks = yield* Stream.runCollect(files.stream(path, { bytesToRead: ByteSize.bytes(limits.bytes + 1) })).pipe(
    Effect.mapError(({ reason }) => new Misused({ message: `${path} cannot be read (${reason._tag})` }))
  )
  return new Uint8Array(Buffer.concat(chunks))
})

const told = ({ alreadyThere, dryRun, enrollments, guardianships, kind, lines, members }: ImportReport) =>
  [
    dryRun ? "Nothing is wrong with the file, and nothing was written. It would make:" : "Imported the file. It made:",
    list([
      ["lines", lines],
      ...(kind === "members"
        ? [["members", members], ["guardianships", guardianships]] as const
        : [["enrollments", enrollments]] as const),
      ["already there", alreadyThere.length]
    ])
  ].join("\n")

/** Three lines each: some texts are longer than a terminal is wide, and a table would be as wide as its longest. */
const listed = (problems: ReadonlyArray<ImportProblem>) =>
  problems.map(({ code, column, en, ko, line }) =>
    [`line ${line}${column === null ? "" : `, ${column}`} (${code})`, `  ${en}`, `  ${ko}`].join("\n")
  ).join("\n")

const handle = (kind: ImportKind) =>
  Effect.fnUntraced(function*({ academy, dryRun, file }: Input) {
    const { atTerminal } = yield* ImportCommands
    const terminal = yield* Terminal.Terminal
    const { stderrIsTerminal } = yield* Stdio.Stdio
    const show = progress((text) => Effect.ignore(terminal.display(text)), yield* stderrIsTerminal)
    const bytes = yield* contentOf(file)
    const run = atTerminal(kind, academy)
    const report = yield* run({ bytes, dryRun }, ({ done, stage, total }) => show(stage, done, total)).pipe(
      Effect.catchTags({
        ImportRefused: ({ problems }) =>
          Effect.andThen(
            answer({ problems }, () => listed(problems)),
            new Failed({ message: `nothing was imported: correct the file, ${problems.length} in all` })
          ),
        Busy: () => new Failed({ message: "no thread is free: try again" }),
        TookTooLong: () => new Failed({ message: "reading the file took longer than 30 s: import it in parts" })
      })
    )
    yield* answer(report, () => told(report))
  })

const input = {
  file: Argument.String("file").pipe(Argument.withDescription("A CSV file in UTF-8 or CP949, see docs/import.md")),
  academy: Flag.String("academy").pipe(
    Flag.withDescription("The id of the academy that gets them"),
    Flag.withSchema(AcademyId)
  ),
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDescription("Only look: show every problem, or what would be made"),
    Flag.withDefault(false),
    Flag.withoutNegation
  )
}

/** `ams import members`, `ams import enrollments` */
export const imports = <E, R>(needs: Layer.Layer<ImportCommands, E, R>) =>
  Command.make("import").pipe(
    Command.withDescription("Members and enrollments from files: all of a file, or nothing"),
    Command.withSubcommands([
      Command.make("members", input, handle("members")).pipe(
        Command.withDescription("Students, their guardians, parents and teachers; who is there already is skipped"),
        Command.withExamples([{
          command: "ams import members 학생명부.csv --academy 0199… --dry-run",
          description: "Shows by line and column what has to be corrected"
        }]),
        Command.provide(needs)
      ),
      Command.make("enrollments", input, handle("enrollments")).pipe(
        Command.withDescription(
          "Who attends which class, by their names; seats, guardians and timetables are looked at"
        ),
        Command.withExamples([{
          command: "ams import enrollments 수강.csv --academy 0199…",
          description: "Enrols all of them, or nobody"
        }]),
        Command.provide(needs)
      )
    ])
  )
