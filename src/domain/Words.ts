import { Schema } from "effect"

/** What a person writes to explain something: 1 to 500 characters, not only blanks; those around it are dropped. */
export const words = (expected: string) =>
  Schema.String.check(Schema.isPattern(/\S/u, { expected }), Schema.isMaxLength(500)).pipe(
    Schema.decodeTo(Schema.Trim)
  )
