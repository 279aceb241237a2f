/**
 * What keeps a file from being imported, by line and column, in the words of whoever has the file open in a spreadsheet. The
 * same list is shown by HTTP and at the terminal, so the texts stand here.
 */
import { Schema, Struct } from "effect"

/** In both languages. */
export interface Text {
  readonly ko: string
  readonly en: string
}

/** What is no word of either language: a number, a name, a heading. */
export const plainly = (text: string | number): Text => ({ ko: String(text), en: String(text) })

/** `what`: what was expected, or who or what is in the way. */
const texts = {
  // The file.
  NOT_CSV: ({ en, ko }: Text) => ({
    ko: `CSV 파일이 아닙니다(${ko}). 스프레드시트에서 "CSV(쉼표로 분리)"로 저장해 주세요.`,
    en: `This is no CSV file (${en}): save it as CSV from the spreadsheet.`
  }),
  MALFORMED: ({ en, ko }: Text) => ({
    ko: `이 줄부터 읽을 수 없습니다(${ko}). 큰따옴표를 확인해 주세요.`,
    en: `From this line on it cannot be read (${en}): look at the quotation marks.`
  }),
  FILE_TOO_LARGE: ({ en, ko }: Text) => ({
    ko: `파일은 ${ko}까지입니다. 나누어 올려 주세요.`,
    en: `A file may have up to ${en}: import it in parts.`
  }),
  TOO_MANY_LINES: ({ en, ko }: Text) => ({
    ko: `한 번에 ${ko}명까지입니다. 이 줄부터 다른 파일로 나누어 주세요.`,
    en: `Up to ${en} lines at once: put those from here on into another file.`
  }),
  NO_LINES: () => ({ ko: "제목 줄 아래에 내용이 없습니다.", en: "There is nothing below the headings." }),
  MISSING_COLUMN: ({ en, ko }: Text) => ({ ko: `"${ko}" 열이 없습니다.`, en: `There is no column "${en}".` }),
  UNKNOWN_COLUMN: ({ en, ko }: Text) => ({
    ko: `알 수 없는 열입니다. 지우거나 제목을 바꿔 주세요: ${ko}.`,
    en: `Nobody knows this column: remove it, or call it one of ${en}.`
  }),
  COLUMN_TWICE: () => ({ ko: "같은 열이 두 번 있습니다.", en: "This column is there twice." }),
  TOO_MANY_CELLS: () => ({
    ko: "제목보다 칸이 많습니다. 쉼표가 든 칸은 큰따옴표로 묶어 주세요.",
    en: "There are more cells than headings: a cell with a comma in it needs quotation marks."
  }),
  // Cells.
  REQUIRED: ({ en, ko }: Text) => ({ ko: `비어 있습니다: ${ko}.`, en: `This is empty: ${en}.` }),
  INVALID: ({ en, ko }: Text) => ({ ko: `올바르지 않습니다: ${ko}.`, en: `This cannot be read: expected ${en}.` }),
  NOT_FOR_ROLE: ({ en, ko }: Text) => ({
    ko: `이 역할(${ko})에는 쓰지 않는 열입니다. 비워 주세요.`,
    en: `This says nothing of a ${en}: leave it empty.`
  }),
  ROLE_NOT_IMPORTED: () => ({
    ko: "매니저와 관리자는 파일로 등록할 수 없습니다.",
    en: "Managers and administrators are not made by import."
  }),
  // Members.
  SAME_AS_LINE: ({ en, ko }: Text) => ({ ko: `${ko}번째 줄과 같습니다.`, en: `This is the same as line ${en}.` }),
  PHONE_OF_LINE: ({ en, ko }: Text) => ({
    ko: `${ko}번째 줄에 있는 다른 사람의 번호입니다.`,
    en: `Line ${en} gives this number to somebody else.`
  }),
  PHONE_TAKEN: ({ en, ko }: Text) => ({
    ko: `이미 등록된 번호입니다: ${ko}.`,
    en: `Somebody has this number already: ${en}.`
  }),
  MEMBER_DIFFERS: ({ en, ko }: Text) => ({
    ko: `이름이 같은 학생이 다르게 등록되어 있습니다: ${ko}. 같은 학생이면 한쪽을 고쳐 주세요.`,
    en: `A student of this name is known otherwise: ${en}. Correct one of the two, if it is the same.`
  }),
  GUARDIAN_DIFFERS: ({ en, ko }: Text) => ({
    ko: `이 번호는 다른 이름으로 되어 있습니다: ${ko}.`,
    en: `This number goes with another name: ${en}.`
  }),
  GUARDIAN_NOT_A_PARENT: ({ en, ko }: Text) => ({
    ko: `학부모가 아닌 회원의 번호입니다: ${ko}. 먼저 학부모 역할을 추가해 주세요.`,
    en: `This is the number of a member who is no parent: ${en}. Give them that role first.`
  }),
  GUARDIAN_TWICE: () => ({ ko: "같은 보호자가 두 번 있습니다.", en: "The same guardian is there twice." }),
  // Enrollments.
  STUDENT_NOT_FOUND: () => ({
    ko: "이름과 생년월일 또는 전화번호가 맞는 재원생이 없습니다.",
    en: "No active student has this name with this birth date or number."
  }),
  STUDENT_AMBIGUOUS: () => ({
    ko: "맞는 학생이 여럿입니다. 생년월일과 전화번호를 모두 적어 주세요.",
    en: "Several students fit: give both birth date and number."
  }),
  CLASS_NOT_FOUND: () => ({ ko: "운영 중인 반 중에 없는 이름입니다.", en: "No active class has this name." }),
  CLASS_AMBIGUOUS: () => ({
    ko: "같은 이름의 반이 여럿입니다. 반 이름을 다르게 바꿔 주세요.",
    en: "Several active classes have this name: give them different ones first."
  }),
  CLASS_FULL: ({ en, ko }: Text) => ({
    ko: `정원이 찹니다: ${ko}.`,
    en: `The class has no seat left: ${en}.`
  }),
  NO_GUARDIAN: () => ({
    ko: "연락받을 보호자가 없는 학생입니다. 보호자를 등록하거나 \"보호자 없는 사유\"를 적어 주세요.",
    en: "Nobody may be told of the student: link a guardian, or say why there is none."
  }),
  ALREADY_ENROLLED: ({ en, ko }: Text) => ({
    ko: `기간이 겹치는 수강이 있습니다: ${ko}.`,
    en: `The student is enrolled for some of these days: ${en}.`
  }),
  INVALID_RANGE: ({ en, ko }: Text) => ({
    ko: `반의 기간을 벗어났거나 시작일이 종료일보다 늦습니다: ${ko}.`,
    en: `The days lie outside of the class's own, or end before they begin: ${en}.`
  }),
  SCHEDULE_CONFLICT: ({ en, ko }: Text) => ({
    ko: `같은 시간에 다른 수업이 있습니다: ${ko}.`,
    en: `The student is elsewhere when the class meets: ${en}.`
  })
} satisfies Record<string, (what: Text) => Text>

export const ImportProblemCode = Schema.Literals(Struct.keys(texts))
export type ImportProblemCode = typeof ImportProblemCode.Type

export const ImportProblem = Schema.Struct({
  /** Of the file, the headings' being 1; where a cell has several lines, the first of them. */
  line: Schema.Int,
  /** The heading, as it stands in the file; `null` where it is about the whole line. */
  column: Schema.NullOr(Schema.String),
  code: ImportProblemCode,
  ko: Schema.String,
  en: Schema.String
})
export type ImportProblem = typeof ImportProblem.Type

export const problemAt = (
  line: number,
  column: string | null,
  code: ImportProblemCode,
  what: Text = plainly("")
): ImportProblem => ({ line, column, code, ...texts[code](what) })

/** By line; of one line in the order in which they were found. */
export const inOrder = (problems: ReadonlyArray<ImportProblem>): ReadonlyArray<ImportProblem> =>
  problems.toSorted((a, b) => a.line - b.line)
