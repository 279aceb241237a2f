/** How numbers are written at SOLAPI. */
import type { PhoneNumber } from "../../../../domain/PhoneNumber.ts"

/** As people in Korea dial it, digits only: `+821012345678` is `01012345678`. `null` for a number of another country. */
export const national = (phone: PhoneNumber): string | null => (phone.startsWith("+82") ? `0${phone.slice(3)}` : null)
