import { Effect, type Layer, Option, Redacted, Schema, Stdio, Stream } from "effect"
import { Command, Flag, Prompt } from "effect/cli"
import { MemberCommands } from "../../../application/commands/MemberCommands.ts"
import { LoginId, NewMember, Password } from "../../../domain/Member.ts"
import { PhoneNumberInput } from "../../../domain/PhoneNumber.ts"
import { answer, Failed, list, Misused } from "./Output.ts"

/** Bytes of stdin that are looked at: enough for the longest password in any script. */
const longest = 1024

const asPassword = (typed: string) =>
  Schema.decodeEffect(Password)(typed).pipe(
    Effect.mapError(() => new Failed({ message: "the password must have 8 to 128 characters" }))
  )

const prompted = Effect.gen(function*() {
  const first = yield* Prompt.Hidden({ message: "Password of the new administrator (8 characters or more)" })
  const password = yield* asPassword(Redacted.value(first))
  const second = yield* Prompt.Hidden({ message: "The same password again" })
  if (Redacted.value(second) !== Redacted.value(first)) {
    return yield* new Failed({ message: "the two passwords differ: nothing was changed" })
  }
  return password
})

/** One line, as `echo` or a file gives it. */
const piped = Effect.gen(function*() {
  const { stdin } = yield* Stdio.Stdio
  const bytes = yield* stdin.pipe(
    Stream.flattenIterable,
    Stream.take(longest),
    Stream.runCollect,
    Effect.mapError(() => new Failed({ message: "stdin cannot be read: no password, no administrator" }))
  )
  const line = new TextDecoder().decode(Uint8Array.from(bytes)).replace(/\r?\n$/, "")
  if (line === "") {
    return yield* new Misused({ message: "no password: type it at a terminal, or give it on stdin" })
  }
  if (/[\r\n]/.test(line)) return yield* new Misused({ message: "the password on stdin must be a single line" })
  return yield* asPassword(line)
})

const handle = Effect.fnUntraced(function*(input: {
  readonly loginId: LoginId
  readonly name: string
  readonly phone: Option.Option<NonNullable<NewMember["phone"]>>
}) {
  const members = yield* MemberCommands
  const { stdinIsTerminal } = yield* Stdio.Stdio
  const password = yield* (yield* stdinIsTerminal) ? prompted : piped
  const { id, loginId, name } = yield* members.createAdministrator({
    name: input.name,
    roles: ["ADMINISTRATOR"],
    loginId: input.loginId,
    password,
    ...(Option.isSome(input.phone) ? { phone: input.phone.value } : {})
  })
  yield* answer(
    { id, loginId, name },
    () => ["Made an administrator.", list([["id", id], ["login id", input.loginId], ["name", name]])].join("\n")
  )
})

/** `ams admin create` */
export const admin = <E, R>(needs: Layer.Layer<MemberCommands, E, R>) =>
  Command.make("admin").pipe(
    Command.withDescription("Administrators of the whole installation"),
    Command.withSubcommands([
      Command.make("create", {
        loginId: Flag.String("login-id").pipe(
          Flag.withDescription("What the administrator logs in with"),
          Flag.withSchema(LoginId)
        ),
        name: Flag.String("name").pipe(
          Flag.withDescription("The administrator's name"),
          Flag.withSchema(NewMember.fields.name)
        ),
        phone: Flag.String("phone").pipe(
          Flag.withDescription("A mobile number, as in 010-1234-5678"),
          Flag.withSchema(PhoneNumberInput),
          Flag.optional
        )
      }, handle).pipe(
        Command.withDescription("Make an administrator; the password is asked for, or read from stdin"),
        Command.withExamples([
          { command: "ams admin create --login-id kim --name 김관리", description: "Asks for the password" },
          {
            command: "ams admin create --login-id kim --name 김관리 < password.txt",
            description: "Takes the password from a file of one line"
          }
        ]),
        Command.provide(needs)
      )
    ])
  )
