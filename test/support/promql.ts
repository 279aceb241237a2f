/**
 * Do PromQL expressions ask for what is exported? Reads an expression as far as that needs: which metrics it names, which
 * of their labels it matches, and by which it groups.
 */

/** Metric names as they stand on `/metrics`, with their labels and the values that these had. */
export type Exported = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>

/** Reads what `/metrics` answers. */
export const readExposition = (text: string): Exported => {
  const found = new Map<string, Map<string, Set<string>>>()
  for (const line of text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    const [, name = "", , labels = ""] = /^([a-zA-Z_:][\w:]*)(\{(.*)\})? \S+$/.exec(line) ?? []
    if (name === "") throw new Error(`not a line of Prometheus' format: ${line}`)
    const known = found.get(name) ?? new Map<string, Set<string>>()
    found.set(name, known)
    for (const [, label = "", value = ""] of labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
      known.set(label, (known.get(label) ?? new Set()).add(value))
    }
  }
  return found
}

/** Prometheus itself gives these to whatever it scrapes. */
const ofTarget = ["job", "instance"]
const functions = new Set(
  ("abs absent absent_over_time avg avg_over_time ceil changes clamp_max clamp_min count count_over_time delta deriv floor " +
    "histogram_quantile idelta increase irate label_values last_over_time max max_over_time min min_over_time " +
    "predict_linear quantile rate resets round sum sum_over_time time topk vector").split(" ")
)
const groupings = new Set(["by", "without", "on", "ignoring", "group_left", "group_right"])
const operators = new Set(["and", "or", "unless", "bool", "offset", "inf", "nan"])

const token =
  /\s+|"(?:[^"\\]|\\.)*"|\[[^\]]*\]|\$\w+|\$\{\w+\}|[a-zA-Z_:][\w:]*|[=!]~|[=!<>]=|\d[\d.]*(?:[eE][+-]?\d+)?[smhdwy]*|[-+*/%^(){},=<>]/y

const tokensOf = (text: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const at = token.lastIndex
    const match = token.exec(text)
    if (match === null) throw new Error(`not PromQL from here: ${text.slice(at)}`)
    if (match[0].trim() !== "") found.push(match[0])
  }
  return found
}
const isWord = (one: string | undefined): one is string => one !== undefined && /^[a-zA-Z_:]/.test(one)

/** What is wrong with an expression; nothing when it asks for what is exported. */
export const problemsOf = (expression: string, exported: Exported): ReadonlyArray<string> => {
  const tokens = tokensOf(expression)
  const problems: Array<string> = []
  /** Labels that what was read so far may have. */
  const labels = new Set(ofTarget)
  const grouped: Array<string> = []

  /** What stands between a bracket and its end. */
  const inside = (from: number, end: string) => tokens.slice(from + 1, tokens.indexOf(end, from))

  const matchers = (metric: string, parts: ReadonlyArray<string>) => {
    for (const [index, part] of parts.entries()) {
      if (!isWord(part)) continue
      const [operator, quoted = "\"\""] = parts.slice(index + 1)
      const values = exported.get(metric)?.get(part)
      const value = quoted.slice(1, -1)
      if (values === undefined && !ofTarget.includes(part)) problems.push(`${metric} has no label ${part}`)
      else if (operator === "=" && !value.includes("$") && values?.has(value) === false) {
        problems.push(`${metric} never has ${part}="${value}"`)
      }
    }
  }

  for (let at = 0; at < tokens.length; at++) {
    const word = tokens[at]
    const next = tokens[at + 1]
    if (!isWord(word) || operators.has(word)) {
      if (word === "{") problems.push("a selector without a metric's name")
      continue
    }
    if (groupings.has(word)) {
      if (next !== "(") continue
      grouped.push(...inside(at + 1, ")").filter(isWord))
      at = tokens.indexOf(")", at)
    } else if (next === "(" || groupings.has(next ?? "")) {
      if (!functions.has(word)) problems.push(`no function ${word}`)
    } else {
      const known = exported.get(word)
      if (known === undefined) problems.push(`no metric ${word}`)
      known?.forEach((_, label) => labels.add(label))
      if (next === "{") {
        if (known !== undefined) matchers(word, inside(at + 1, "}"))
        at = tokens.indexOf("}", at)
      } else if (tokens[0] === "label_values" && next === ",") {
        grouped.push(...tokens.slice(at + 2, at + 3))
        at += 2
      }
    }
  }
  return [...problems, ...grouped.filter((label) => !labels.has(label)).map((label) => `nothing has a label ${label}`)]
}
