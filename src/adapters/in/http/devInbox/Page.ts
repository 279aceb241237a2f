/**
 * The page of the inbox: one document with its style and its script inside, and nothing from anywhere else. Messages are
 * put into HTML here alone; the script only arranges them.
 */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import type { InboxMessage } from "../../../../ports/Inbox.ts"

const escape = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)

const inSeoul = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat("ko-KR", { timeZone: "Asia/Seoul", ...options })
const time = inSeoul({ hour: "numeric", minute: "2-digit" })
const day = inSeoul({ month: "long", day: "numeric", weekday: "long" })
const moment = inSeoul({ dateStyle: "full", timeStyle: "medium" })

/** Channels and what a phone calls them; others go by their own names. */
const channels: Readonly<Record<string, string>> = {
  KAKAO_TALK: "카카오 알림톡",
  SMS: "문자 메시지",
  PUSH: "앱 알림"
}

/** Korean mobile numbers as people write them. */
const written = (recipient: string) => recipient.replace(/^\+82(\d{2})(\d{3,4})(\d{4})$/, "0$1-$2-$3")

/** The academy, in the first line, stands out. */
const text = (body: string) => escape(body).replace(/^\[[^\n]+\](?=\n)/, "<b>$&</b>")

/** One message, by itself: the plain list consists of these, and the script puts them into phones. */
export const item = (message: InboxMessage) => {
  const data = {
    id: message.id,
    at: String(message.at.getTime()),
    day: day.format(message.at),
    channel: message.channel,
    to: message.recipient,
    name: message.name ?? "",
    number: written(message.recipient)
  }
  const attributes = Object.entries(data).map(([name, value]) => ` data-${name}="${escape(value)}"`).join("")
  return `<li class="message"${attributes}>`
    + `<p class="to"><b>${escape(data.name)}</b> ${escape(data.number)} <span>${escape(data.day)}</span></p>`
    + `<article><h3>${escape(channels[message.channel] ?? message.channel)}</h3>`
    + `<p class="body">${text(message.body)}</p></article>`
    + `<time datetime="${message.at.toISOString()}" title="${escape(moment.format(message.at))}">`
    + `${escape(time.format(message.at))}</time></li>`
}

const file = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8")
const hash = (content: string) => `'sha256-${createHash("sha256").update(content).digest("base64")}'`

export interface Page {
  readonly html: (messages: ReadonlyArray<InboxMessage>) => string
  /** Lets in this style, this script and this server, and nothing a message might bring. */
  readonly securityPolicy: string
}

/** Reads its files, at once: meanwhile a server that listens already has nobody who answers. */
export const load: Effect.Effect<Page> = Effect.sync(() => {
  const [frame, style, script] = [file("page.html"), file("page.css"), file("page.js")]
  const parts = (messages: string): Readonly<Record<string, string>> => ({ style, script, messages })
  return {
    html: (messages) => {
      const all = parts(messages.map(item).join(""))
      return frame.replace(/\{\{(\w+)\}\}/g, (_, name: string) => all[name] ?? "")
    },
    securityPolicy: [
      "default-src 'none'",
      `style-src ${hash(style)}`,
      `script-src ${hash(script)}`,
      "connect-src 'self'",
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'"
    ].join("; ")
  }
})
