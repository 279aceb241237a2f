/**
 * Codes of our own over the channel SMS. Nothing but a keyed hash of a code is kept, so that neither the database nor its
 * backup holds one.
 */
import { Data, Duration, Effect, Exit, Layer, Option, Redacted, Schedule, Semaphore } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import { CircuitBreaker } from "effect/persistence"
import { NotificationChannel } from "../../../domain/Channel.ts"
import { AcademyId, DispatchId, MemberId, type PhoneVerificationId } from "../../../domain/Ids.ts"
import { codeText, misfitText } from "../../../domain/PhoneVerification.ts"
import { NotificationPort } from "../../../ports/NotificationPort.ts"
import { CodeNotSent, type CodeRequest, PhoneVerificationPort } from "../../../ports/PhoneVerificationPort.ts"
import { Senders } from "../../../ports/Senders.ts"

const channel = NotificationChannel.make("SMS")

/** Figures of the design's table of policies. */
const policy = {
  /** Of one call, and of all together: somebody looks at a spinning wheel. */
  call: Duration.seconds(3),
  total: Duration.seconds(4),
  retries: 2,
  waits: Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("800 millis")]).pipe(Schedule.jittered),
  trip: CircuitBreaker.rate({ threshold: 0.5, size: 20, minimumCalls: 5 }),
  slow: Duration.seconds(2),
  open: Duration.seconds(30),
  /** So many at once; a provider that hangs keeps nobody else. */
  atOnce: 8
}

/** Surely not sent. */
class NotYetSent extends Data.TaggedError("NotYetSent")<{ readonly rule: string }> {}

/** As the system itself appears. */
const system = { sender: { from: null, profile: null, credentials: null }, templates: {} }

/** Six digits, each code as likely as any other: what lies above the last full million is drawn again. */
const drawn = (random: SecureRandom.SecureRandom["Service"]): Effect.Effect<string> =>
  Effect.flatMap(random.randomBytes(4), (bytes) => {
    const number = Buffer.from(bytes).readUInt32BE()
    return number < 4_294_000_000 ? Effect.succeed(String(number % 1_000_000).padStart(6, "0")) : drawn(random)
  })

/** `key`: a secret of this system, the same in all its processes. */
export const layer = (key: Redacted.Redacted) =>
  Layer.effect(
    PhoneVerificationPort,
    Effect.gen(function*() {
      const mac = yield* Mac.Mac
      const notifications = yield* NotificationPort
      const random = yield* SecureRandom.SecureRandom
      const senders = yield* Senders
      const permits = yield* Semaphore.make(policy.atOnce)
      const circuit = yield* CircuitBreaker.make({ tripPolicy: policy.trip, openDuration: policy.open })
      const signing = yield* Effect.orDie(
        Mac.key(Mac.hmacSha256, new TextEncoder().encode(`phone verification ${Redacted.value(key)}`))
      )
      const sending = notifications.on(channel)

      const proofOf = (id: PhoneVerificationId, code: string) =>
        Effect.orDie(mac.sign(signing, new TextEncoder().encode(`${id} ${code}`)))

      /** One attempt, as one that a message has; nothing is kept of it: nobody asks for its end. */
      const attempt = Effect.fnUntraced(function*({ academyId, phone }: CodeRequest, body: string) {
        const own = academyId === null ? Option.none() : yield* senders.of(academyId, channel).pipe(
          Effect.mapError(() => new CodeNotSent({ rule: "storage" }))
        )
        const appears = Option.getOrElse(own, () => system)
        const outcome = yield* sending.send({
          id: DispatchId.make(yield* random.uuidV7()),
          // Whoever verifies a phone need not be anybody yet.
          academyId: academyId ?? AcademyId.make(yield* random.uuidV7()),
          channel,
          recipientId: MemberId.make(yield* random.uuidV7()),
          phone,
          devices: [],
          sender: { ...appears.sender, templateId: null, templateOff: false },
          text: { academyName: "AMS", news: body, body, templated: null }
        }, () => Effect.void).pipe(
          Effect.mapError(({ rule }) => new CodeNotSent({ rule })),
          Effect.timeoutOrElse({
            duration: policy.call,
            orElse: () => Effect.fail(new CodeNotSent({ rule: "timeout" }))
          })
        )
        switch (outcome._tag) {
          case "Accepted":
          case "Delivered":
          // Whether such a number exists is nobody's business here.
          case "InvalidRecipient":
          case "OptedOut":
            return
          case "NotSent":
            return yield* new NotYetSent({ rule: outcome.rule })
          default:
            return yield* new CodeNotSent({ rule: outcome.rule })
        }
      })

      const send = (request: CodeRequest, body: string) =>
        attempt(request, body).pipe(
          Effect.retry({
            times: policy.retries,
            schedule: policy.waits,
            while: (error) => error._tag === "NotYetSent"
          }),
          Effect.catchTag("NotYetSent", ({ rule }) => Effect.fail(new CodeNotSent({ rule }))),
          Effect.timeoutOrElse({
            duration: policy.total,
            orElse: () => Effect.fail(new CodeNotSent({ rule: "timeout" }))
          }),
          Effect.timed,
          circuit.execute({
            key: "sms-codes",
            classify: (exit) =>
              Exit.isFailure(exit) || Duration.isGreaterThan(exit.value[0], policy.slow)
                ? CircuitBreaker.failure()
                : CircuitBreaker.success
          }),
          Effect.catchTag("CircuitBreakerError", () => Effect.fail(new CodeNotSent({ rule: "circuit-open" })))
        )

      return PhoneVerificationPort.of({
        send: Effect.fn("PhoneVerificationPort.send")(function*(request) {
          const code = yield* drawn(random)
          const proof = Buffer.from(yield* proofOf(request.id, code)).toString("hex")
          const { fits, locale, purpose } = request
          const body = fits ? codeText(locale, code) : misfitText(locale, purpose)
          const sent = yield* permits.withPermitsIfAvailable(1)(send(request, body))
          if (Option.isNone(sent)) return yield* new CodeNotSent({ rule: "busy" })
          return fits ? proof : null
        }, Effect.tapError(({ rule }) => Effect.logWarning("a code could not be sent", { rule }))),
        check: Effect.fn("PhoneVerificationPort.check")(function*({ id, proof }, code) {
          const expected = proof === null ? new Uint8Array(32) : new Uint8Array(Buffer.from(proof, "hex"))
          return Mac.timingSafeEqual(yield* proofOf(id, Redacted.value(code)), expected) && proof !== null
        })
      })
    })
  ).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))
