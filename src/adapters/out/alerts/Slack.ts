/** An incoming webhook of Slack, or of whatever understands the same (Mattermost, Rocket.Chat). */
import { Redacted } from "effect"
import { HttpClientRequest } from "effect/http"
import { headline, type Notice, type Sink } from "./Notice.ts"
import type { Post } from "./Posting.ts"

const looks: Readonly<Record<Notice["severity"], { readonly icon: string; readonly color: string }>> = {
  info: { icon: ":information_source:", color: "#439fe0" },
  warning: { icon: ":warning:", color: "#daa038" },
  critical: { icon: ":rotating_light:", color: "#a30200" }
}

/** The three characters by which Slack finds links and mentions. */
const plain = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const whatToDo = ({ kind }: Notice) => (kind === "test" ? "docs/operations.md" : `docs/operations.md#${kind}`)

/** A text for every reader; the facts are an attachment since others than Slack know no blocks. */
const message = (notice: Notice) => {
  const { color, icon } = looks[notice.severity]
  return {
    text: `${icon} *${notice.kind}* ${plain(headline(notice))}\n${whatToDo(notice)}`,
    attachments: [{
      color,
      fields: Object.entries(notice.facts).map(([name, value]) => ({
        title: plain(name),
        value: plain(String(value)),
        short: true
      }))
    }]
  }
}

/** `url` is a secret: whoever has it can write into the channel. */
export const slack = (post: Post, url: Redacted.Redacted): Sink => ({
  name: "slack",
  send: (notice) =>
    post(HttpClientRequest.post(Redacted.value(url)).pipe(HttpClientRequest.bodyJsonUnsafe(message(notice))))
})
