/** Events for the tests of what carries them: the content does not matter there. */
import type { DomainEvent } from "../../src/domain/DomainEvent.ts"
import { AcademyId, ClassId, EventId, MemberId, SessionId } from "../../src/domain/Ids.ts"
import { LocalDate } from "../../src/domain/LocalTime.ts"

const uuid = (n: number) => `01960000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`

export const academyId = AcademyId.make(uuid(0xa))
export const eventId = (n: number) => EventId.make(uuid(0x1000 + n))

/** One of many. */
export const academy = (n: number) => AcademyId.make(uuid(0x100 + n))

/** An AttendanceRequested; a greater number is a younger event. */
export const requested = (n: number, of: AcademyId | null = academyId): DomainEvent => ({
  id: eventId(n),
  version: 1,
  academyId: of,
  occurredAt: 0,
  actor: null,
  correlationId: null,
  traceparent: null,
  type: "AttendanceRequested",
  aggregate: { type: "attendance", id: uuid(0x2000 + n), version: 1 },
  payload: {
    sessionId: SessionId.make(uuid(0xb)),
    studentId: MemberId.make(uuid(0xc)),
    classId: ClassId.make(uuid(0xd)),
    sessionDate: LocalDate.make("2026-03-02")
  }
})

export const several = (count: number, from = 0): ReadonlyArray<DomainEvent> =>
  Array.from({ length: count }, (_, n) => requested(from + n))
