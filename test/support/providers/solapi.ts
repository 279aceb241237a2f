/** SOLAPI v4: its end-points, and its answers as loosely typed as they are. */
import { Option, Schema } from "effect"
import type { Step } from "./script.ts"
import { type Answer, type Asked, jsonOf, type Provider } from "./serve.ts"
import { accountId, type Group, type Groups, groupShown, type Message, shown } from "./solapiGroups.ts"
import { type Allowed, Given, said, variablesOf } from "./solapiMessage.ts"
import { type Problem, problem } from "./solapiSignature.ts"

const optional = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))
const Messages = Schema.Array(Given).check(Schema.isMinLength(1), Schema.isMaxLength(10_000))
const Create = Schema.Struct({
  allowDuplicates: optional(Schema.Boolean),
  customFields: optional(Schema.Record(Schema.String, Schema.Unknown))
})
const Add = Schema.Struct({ messages: Messages })
const Single = Schema.Struct({ message: Given, allowDuplicates: optional(Schema.Boolean) })
const Many = Schema.Struct({
  messages: Messages,
  allowDuplicates: optional(Schema.Boolean),
  showMessageList: optional(Schema.Boolean)
})

/** Numbers as texts and booleans as 0 and 1: clients have to live with both. */
export const loose = (value: unknown): unknown => {
  if (typeof value === "boolean") return value ? 1 : 0
  if (typeof value === "number") return String(value)
  if (Array.isArray(value)) return value.map(loose)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, loose(one)]))
}

const groupPath = /^\/messages\/v4\/groups\/([^/]+)(\/messages|\/send)?$/
const templatePath = /^\/kakao\/v2\/templates\/([^/]+)$/

const stepOf = (method: string, path: string): Step | undefined => {
  const [, id, rest = ""] = groupPath.exec(path) ?? []
  const asked = `${method} ${id === undefined ? path : `group${rest}`}`
  switch (asked) {
    case "POST /messages/v4/groups":
      return "create"
    case "PUT group/messages":
      return "add"
    case "POST group/send":
    case "POST /messages/v4/send":
    case "POST /messages/v4/send-many/detail":
      return "send"
    case "GET group":
    case "GET group/messages":
    case "GET /messages/v4/list":
      return "look-up"
    case "DELETE group":
      return "delete"
    case "GET /cash/v1/balance":
      return "balance"
    default:
      return method === "GET" && templatePath.test(path) ? "template" : undefined
  }
}

const codes: Readonly<Record<number, string>> = {
  400: "ValidationError",
  402: "NotEnoughBalance",
  403: "Forbidden",
  404: "ResourceNotFound",
  409: "GroupInProcessing",
  413: "RequestEntityTooLarge",
  429: "TooManyRequests",
  500: "InternalError"
}
const errorOf = (status: number): Problem => problem(codes[status] ?? "UnexpectedError", `HTTP ${status}`)
const failed = (status: number, body: Problem = errorOf(status)): Answer => ({ status, body })
const good = (body: unknown): Answer => ({ status: 200, body })

const statusOfProblem: Readonly<Record<string, number>> = {
  GroupInProcessing: 409,
  AlreadySent: 409,
  NotEnoughBalance: 402
}
const notSent = (why: Problem) => failed(statusOfProblem[why.errorCode] ?? 400, why)

/** How one message was taken in. */
const taken = ({ given, group, messageId, statusCode }: Message) => ({
  to: given.to,
  from: given.from ?? null,
  type: given.type ?? null,
  country: "82",
  messageId,
  groupId: group.groupId,
  statusCode,
  statusMessage: said[statusCode] ?? "",
  accountId,
  customFields: given.customFields ?? null
})

export const makeSolapi = ({ allowed, balance, groups, looseAnswers, refuses }: {
  readonly groups: Groups
  readonly allowed: Allowed
  readonly balance: () => number
  /** The signature's judgement. */
  readonly refuses: (header: string | undefined) => Problem | undefined
  /** Every second answer is loosely typed. */
  readonly looseAnswers: boolean
}): Provider => {
  let answers = 0
  const typed = (answer: Answer): Answer => {
    answers += 1
    return looseAnswers && answers % 2 === 0 ? { ...answer, body: loose(answer.body) } : answer
  }

  /** Decodes the body and goes on; 400 when it is not of this shape. */
  const withBody = <A>(
    { body }: Asked,
    schema: Schema.ConstraintDecoder<A>,
    then: (decoded: A) => Answer | Promise<Answer>
  ) => {
    const decoded = Schema.decodeUnknownOption(schema)(jsonOf(body))
    return Option.isSome(decoded) ? then(decoded.value) : failed(400)
  }

  const list = (messages: ReadonlyArray<Message>, query: URLSearchParams): Answer => {
    const limit = Math.min(500, Number(query.get("limit") ?? 20))
    const startKey = query.get("startKey")
    const from = startKey === null ? 0 : messages.findIndex(({ messageId }) => messageId === startKey)
    const some = from < 0 ? [] : messages.slice(from, from + limit)
    return good({
      startKey,
      nextKey: from < 0 ? null : messages[from + limit]?.messageId ?? null,
      limit,
      messageList: Object.fromEntries(some.map((one) => [one.messageId, shown(one)]))
    })
  }

  const search = (query: URLSearchParams) => {
    const wanted = (key: string, value: string) => (query.get(key) ?? value) === value
    const [start, end] = [Date.parse(query.get("startDate") ?? ""), Date.parse(query.get("endDate") ?? "")]
    const messages = groups.messages().filter((one) => {
      const at = Date.parse(one.dateCreated)
      return wanted("to", one.to) && wanted("messageId", one.messageId) && wanted("groupId", one.group.groupId) &&
        wanted("statusCode", one.statusCode) && !(at < start) && !(at > end)
    })
    return list(messages, query)
  }

  const ofGroup = (asked: Asked, group: Group, rest: string): Answer | Promise<Answer> => {
    switch (`${asked.method} ${rest}`) {
      case "PUT /messages":
        if (group.status !== "PENDING") return failed(409)
        return withBody(asked, Add, ({ messages }) => {
          const added = groups.add(group, messages)
          const errorCount = String(added.filter(({ statusCode }) => statusCode !== "2000").length)
          return good({ errorCount, resultList: added.map(taken) })
        })
      case "POST /send":
        return groups.send(group).then((why) => (why === undefined ? good(groupShown(group)) : notSent(why)))
      case "GET /messages":
        return list(group.messages, asked.query)
      case "DELETE ":
        if (group.status !== "PENDING") return failed(409)
        groups.drop(group)
        return good({ ...groupShown(group), status: "DELETED" })
      default:
        return good(groupShown(group))
    }
  }

  const many = async ({ allowDuplicates, messages, showMessageList }: typeof Many.Type) => {
    const group = groups.create(allowDuplicates ?? false, {})
    const added = groups.add(group, messages)
    const why = await groups.send(group)
    if (why !== undefined && why.errorCode !== "MessagesNotFound") return notSent(why)
    return good({
      failedMessageList: added.filter(({ statusCode }) => statusCode.startsWith("1")).map(taken),
      groupInfo: groupShown(group),
      ...(showMessageList === true ? { messageList: added.map(taken) } : {})
    })
  }

  const single = async ({ allowDuplicates, message }: typeof Single.Type) => {
    const group = groups.create(allowDuplicates ?? false, {})
    const [added] = groups.add(group, [message])
    const why = await groups.send(group)
    if (why !== undefined && why.errorCode !== "MessagesNotFound") return notSent(why)
    return added === undefined ? failed(400) : good(taken(added))
  }

  const template = (templateId: string) => {
    const found = allowed.templates.get(templateId)
    if (found === undefined) return failed(404)
    const variables = variablesOf(found.content).map((name) => ({ name }))
    const [channelId = null] = allowed.profiles
    return good({ status: "APPROVED", ...found, variables, accountId, channelId, buttons: [], messageType: "BA" })
  }

  const handle = (asked: Asked): Answer | Promise<Answer> => {
    const { method, path, query } = asked
    const [, groupId, rest = ""] = groupPath.exec(path) ?? []
    if (groupId !== undefined) {
      const group = groups.find(groupId)
      return group === undefined ? failed(404) : ofGroup(asked, group, rest)
    }
    switch (path) {
      case "/messages/v4/groups":
        return withBody(
          asked,
          Create,
          ({ allowDuplicates, customFields }) =>
            good(groupShown(groups.create(allowDuplicates ?? false, customFields ?? {})))
        )
      case "/messages/v4/send":
        return withBody(asked, Single, single)
      case "/messages/v4/send-many/detail":
        return withBody(asked, Many, many)
      case "/messages/v4/list":
        return search(query)
      case "/cash/v1/balance":
        return good({ balance: balance(), point: 0, accountId, lowBalanceAlert: null })
      default:
        return method === "GET" ? template(templatePath.exec(path)?.[1] ?? "") : failed(404)
    }
  }

  return {
    name: "solapi",
    stepOf,
    recipients: (path, body) => {
      const group = groups.find(groupPath.exec(path)?.[1] ?? "")
      const json = jsonOf(body)
      const added = Schema.decodeUnknownOption(Add)(json).pipe(Option.map(({ messages }) => messages))
      const alone = Schema.decodeUnknownOption(Single)(json).pipe(Option.map(({ message }) => [message]))
      const given = Option.getOrElse(Option.orElse(added, () => alone), () => [])
      return [...given.map(({ to }) => to), ...(group?.messages.map(({ to }) => to) ?? [])]
    },
    refuses: ({ headers }) => {
      const why = refuses(headers.authorization)
      return why === undefined ? undefined : failed(403, why)
    },
    handle: async (asked) => typed(await handle(asked)),
    problem: errorOf
  }
}
