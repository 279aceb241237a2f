/** SOLAPI's groups and messages: PENDING while they are filled, SENDING once they are sent, COMPLETE with their results. */
import { randomBytes } from "node:crypto"
import type { Journal } from "./journal.ts"
import type { Receipts, Reporting } from "./receipts.ts"
import type { Script } from "./script.ts"
import { type Allowed, type Given, readable, refusal, said } from "./solapiMessage.ts"
import { type Problem, problem } from "./solapiSignature.ts"

export const accountId = "26112700000001"

export interface Message {
  readonly messageId: string
  readonly group: Group
  readonly given: Given
  readonly to: string
  readonly type?: string | undefined
  /** 2000 once it is taken in; more than that only after its group was sent. */
  statusCode: string
  readonly dateCreated: string
  dateUpdated: string
}

export interface Group {
  readonly groupId: string
  readonly allowDuplicates: boolean
  readonly customFields: Readonly<Record<string, unknown>>
  readonly messages: Array<Message>
  status: "PENDING" | "SENDING" | "COMPLETE"
  readonly dateCreated: string
  dateUpdated: string
  dateSent: string | null
  dateCompleted: string | null
}

const isOpen = ({ statusCode }: Message) => statusCode === "2000" || statusCode === "3000"
const wasRefused = ({ statusCode }: Message) => statusCode.startsWith("1")

const newId = (prefix: string, now: string) =>
  `${prefix}${now.replace(/\D/g, "").slice(0, 14)}${
    randomBytes(12).toString("base64url").replace(/[-_]/g, "X").toUpperCase()
  }`

/** What a look-up and a receipt show of a message. */
export const shown = (message: Message) => {
  const { dateCreated, dateUpdated, given, group, messageId, statusCode } = message
  const { customFields, from, kakaoOptions, subject, text, to, type } = given
  return {
    messageId,
    groupId: group.groupId,
    accountId,
    to,
    from: from ?? null,
    type: type ?? null,
    text: text ?? null,
    subject: subject ?? null,
    kakaoOptions: kakaoOptions ?? null,
    customFields: customFields ?? {},
    country: "82",
    statusCode,
    statusMessage: said[statusCode] ?? "",
    status: wasRefused(message)
      ? "FAILED"
      : group.status === "PENDING"
      ? "PENDING"
      : isOpen(message)
      ? "SENDING"
      : "COMPLETE",
    reason: null,
    replacement: false,
    networkName: null,
    dateCreated,
    dateUpdated,
    dateProcessed: group.dateSent,
    dateReported: isOpen(message) ? null : dateUpdated
  }
}

/** What SOLAPI answers about a group. */
export const groupShown = ({ messages, ...group }: Group) => {
  const taken = messages.filter((one) => !wasRefused(one))
  const sent = group.status === "PENDING" ? [] : taken
  const pending = sent.filter(isOpen)
  const delivered = sent.filter(({ statusCode }) => statusCode === "4000")
  return {
    ...group,
    accountId,
    count: {
      total: messages.length,
      sentTotal: sent.length,
      sentFailed: sent.length - pending.length - delivered.length,
      sentSuccess: delivered.length,
      sentPending: pending.length,
      sentReplacement: 0,
      refund: 0,
      registeredFailed: messages.length - taken.length,
      registeredSuccess: taken.length
    },
    scheduledDate: null,
    isRefunded: false,
    log: []
  }
}

/** What an account has left, in won. */
export interface Account {
  balance: number
}

export const makeGroups = ({ account, allowed, clock, journal, prices, receipts, script }: {
  readonly allowed: Allowed
  readonly account: Account
  /** Won for one message of a type. */
  readonly prices: Readonly<Record<string, number>>
  readonly clock: () => number
  readonly script: Script
  readonly journal: Journal
  readonly receipts: Receipts
}) => {
  const groups = new Map<string, Group>()
  const now = () => new Date(clock()).toISOString()

  const reporting: Reporting<Message> = {
    shown,
    settle: (message, statusCode) => {
      const { group } = message
      message.statusCode = statusCode
      message.dateUpdated = now()
      if (group.messages.some(isOpen)) return
      group.status = "COMPLETE"
      group.dateCompleted = now()
    }
  }

  const create = (allowDuplicates: boolean, customFields: Group["customFields"]): Group => {
    const at = now()
    const group: Group = {
      groupId: newId("G4V", at),
      allowDuplicates,
      customFields,
      messages: [],
      status: "PENDING",
      dateCreated: at,
      dateUpdated: at,
      dateSent: null,
      dateCompleted: null
    }
    groups.set(group.groupId, group)
    return group
  }

  /** Those that are refused stay in the group as well, with their code, and are never sent. */
  const add = (group: Group, given: ReadonlyArray<Given>): ReadonlyArray<Message> =>
    given.map((one) => {
      const again = !group.allowDuplicates &&
        group.messages.some((other) => other.to === one.to && !wasRefused(other))
      const at = now()
      const message = {
        messageId: newId("M4V", at),
        group,
        given: one,
        to: one.to,
        type: one.type ?? undefined,
        statusCode: refusal(one, allowed) ?? script.intake(one.to) ?? (again ? "1026" : "2000"),
        dateCreated: at,
        dateUpdated: at
      }
      group.messages.push(message)
      group.dateUpdated = at
      return message
    })

  /** Everything good of it goes out, or nothing and why. */
  const send = async (group: Group): Promise<Problem | undefined> => {
    if (group.status === "SENDING") return problem("GroupInProcessing", "그룹이 발송 중입니다.")
    if (group.status === "COMPLETE") return problem("AlreadySent", "이미 발송된 그룹입니다.")
    const good = group.messages.filter((one) => !wasRefused(one))
    if (good.length === 0) return problem("MessagesNotFound", "발송할 메시지가 없습니다.")
    const price = good.reduce((sum, { given }) => sum + (prices[given.type ?? ""] ?? 0), 0)
    if (price > account.balance) return problem("NotEnoughBalance", "잔액이 부족합니다.")
    account.balance -= price
    group.status = "SENDING"
    group.dateSent = now()
    group.dateUpdated = group.dateSent
    for (const { given, messageId } of good) {
      journal.sent({
        provider: "solapi",
        dispatchId: String(given.customFields?.["dispatchId"] ?? ""),
        messageId,
        to: given.to,
        from: given.from ?? "",
        type: given.type ?? "",
        text: readable(given, allowed.templates),
        templateId: given.kakaoOptions?.templateId ?? null,
        at: clock()
      })
    }
    await receipts.follow(good, reporting)
    return undefined
  }

  return {
    create,
    add,
    send,
    find: (groupId: string) => groups.get(groupId),
    drop: (group: Group) => groups.delete(group.groupId),
    /** The newest first. */
    messages: () => [...groups.values()].flatMap(({ messages }) => messages).toReversed()
  }
}
export type Groups = ReturnType<typeof makeGroups>
