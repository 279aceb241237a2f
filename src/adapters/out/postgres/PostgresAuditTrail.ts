import { Effect, Layer } from "effect"
import { AuditTrail } from "../../../ports/AuditTrail.ts"
import { CommandSql } from "./Clients.ts"
import { keep } from "./PostgresUnitOfWork.ts"

export const layer = Layer.effect(
  AuditTrail,
  Effect.map(CommandSql, (command) =>
    AuditTrail.of({
      write: ({ academyId, action, actorId, channel, reason, subject }) =>
        keep(
          command,
          command`insert into audit_entry (id, academy_id, actor_id, channel, action, subject, reason)
            values (uuidv7(), ${academyId}::uuid, ${actorId}::uuid, ${channel}, ${action}, ${subject}, ${reason})`
        )
    }))
)
