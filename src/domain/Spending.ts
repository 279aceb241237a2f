/** What messages may cost an academy in a day, and what stops first when that runs out. */
import type { NotificationKind } from "./Notification.ts"

export type Purpose = "informational" | "verification" | "advertising"

/** Of a message by what it tells: whatever AMS tells by itself informs. */
export const purposeOf = (_kinds: ReadonlyArray<NotificationKind>): Purpose => "informational"

/** Up to which share of the cap each may go: that a child is missing is told last of all. */
const shareOf: Readonly<Record<Purpose, number>> = { advertising: 0.5, verification: 0.8, informational: 1 }

/** From this share of the cap on somebody should know. */
const nearly = 0.8

/** Whether a paid message may go out. `spent`: of today so far, `cap`: of a day, both in KRW. */
export const maySpend = (purpose: Purpose, spent: number, cap: number): boolean => spent < shareOf[purpose] * cap

export const spendState = (spent: number, cap: number): "free" | "nearly" | "reached" =>
  spent >= cap ? "reached" : spent >= nearly * cap ? "nearly" : "free"
