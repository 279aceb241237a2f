/** Messages written straight into the tables, as planning and sending leave them. */
export interface PlantedMessage {
  readonly academyId: string
  readonly recipientId: string
  readonly status: string
  readonly channel?: string | null
  readonly reason?: string | null
  readonly kind?: string
  readonly sessionId?: string | null
  readonly studentId?: string | null
  /** What tells this from another one of the same kind. */
  readonly occasion?: string
  /** Seconds since it was planned. */
  readonly age?: number
  /** Of one that a provider took: seconds from then; and until it arrived. */
  readonly accepted?: number
  readonly delivered?: number
  /** Seconds by which the event that gave it is older. */
  readonly eventAge?: number
  readonly attempts?: ReadonlyArray<{
    readonly channel: string
    readonly outcome: string
    readonly rule: string
    readonly key?: string
    readonly cost?: number
  }>
}

const quoted = (value: string | null | undefined) =>
  value === null || value === undefined ? "null" : `'${value.replaceAll("'", "''")}'`
const seconds = (count: number) => `interval '${count} seconds'`

/** One statement; its row is the message's id. */
export const planting = (given: PlantedMessage): string => {
  const age = given.age ?? 0
  const planned = `now() - ${seconds(age)}`
  const after = (count: number | undefined) => (count === undefined ? "null" : `${planned} + ${seconds(count)}`)
  const event = given.eventAge === undefined ? "null" : `uuidv7(-${seconds(age + given.eventAge)})`
  const channel = given.channel === undefined ? "SMS" : given.channel
  const attempts = (given.attempts ?? []).map(({ channel, cost, key, outcome, rule }, index) =>
    `(${index + 1}, ${quoted(channel)}, ${quoted(outcome)}, ${quoted(rule)}, ${quoted(key)}, ${
      cost ?? "null"
    }::numeric)`
  )
  return `
    with planted as (
      insert into message (id, academy_id, recipient_id, status, channel, reason, deliver_by, created_at, accepted_at,
        delivered_at)
      values (uuidv7(-${seconds(age)}), ${quoted(given.academyId)}, ${quoted(given.recipientId)},
        ${quoted(given.status)}, ${quoted(channel)}, ${quoted(given.reason)}, ${planned} + interval '30 minutes',
        ${planned}, ${after(given.accepted)}, ${after(given.delivered)})
      returning *
    ), line as (
      insert into notification (id, academy_id, kind, session_id, student_id, occasion, event_id, recipient_id, message_id)
      select uuidv7(), academy_id, ${quoted(given.kind ?? "CORRECTED")}, ${quoted(given.sessionId)}::uuid,
        ${quoted(given.studentId)}::uuid, ${given.occasion === undefined ? "id::text" : quoted(given.occasion)},
        ${event}, recipient_id, id
      from planted
    ), attempt as (
      insert into message_attempt (id, message_id, number, channel, provider, outcome, detail, key, cost, finished_at)
      select gen_random_uuid(), planted.id, b.number, b.channel, 'solapi', b.outcome, b.rule, b.key, b.cost, now()
      from planted join (values ${
    attempts.length === 0 ? "(0, '', '', '', '', 0::numeric)" : attempts.join(", ")
  }) as b(number, channel, outcome, rule, key, cost) on b.number > 0
    )
    select id from planted`
}
