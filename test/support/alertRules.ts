/** The alert rules of the repository, in the shape that Prometheus takes and with what operators need. */
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import { parse } from "yaml"

const RuleFile = Schema.Struct({
  groups: Schema.Array(Schema.Struct({
    name: Schema.String,
    rules: Schema.Array(Schema.Struct({
      alert: Schema.String,
      expr: Schema.String,
      for: Schema.optionalKey(Schema.String),
      labels: Schema.Struct({ severity: Schema.Literals(["info", "warning", "critical"]) }),
      annotations: Schema.Struct({ summary: Schema.String, runbook_url: Schema.String })
    }))
  }))
})
export const rules = Schema.decodeUnknownSync(RuleFile)(
  parse(readFileSync(new URL("../../docs/monitoring/alerts.rules.yml", import.meta.url), "utf8")),
  {
    onExcessProperty: "error"
  }
).groups.flatMap(({ rules }) => rules)
