/** Files: why one was not imported, and what is no such file at all. */
import type { ImportRefused } from "../../../domain/Import.ts"
import type { Described } from "./Problem.ts"

export const path = "/api/v1/imports"
/** A body of these addresses is a file. */
export const takesFile = (url: string): boolean => url.startsWith(`${path}/`)

export const ofFiles: Readonly<Record<number, Described>> = {
  413: {
    status: 413,
    code: "COMMON_BODY_TOO_LARGE",
    ko: "파일은 5 MiB까지입니다.",
    en: "A file may have up to 5 MiB."
  },
  415: {
    status: 415,
    code: "COMMON_MEDIA_TYPE",
    ko: "CSV 파일을 text/csv로 보내 주세요.",
    en: "Send the CSV file as text/csv."
  }
}

export const importProblems = {
  ImportRefused: ({ problems }: ImportRefused): Described<422> => ({
    status: 422,
    code: "IMPORT_REFUSED",
    ko: `파일에 고칠 곳이 ${problems.length}곳 있어 아무것도 등록하지 않았습니다.`,
    en: `Nothing was imported: ${problems.length} ${
      problems.length === 1 ? "thing has" : "things have"
    } to be corrected.`,
    errors: problems.map(({ code, column, en, ko, line }) => ({
      pointer: column === null
        ? `/body/${line}`
        : `/body/${line}/${column.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      code,
      line,
      ...(column === null ? {} : { column }),
      ko,
      en
    }))
  })
}
