/** A table for people, apart from the format in which it is written. */

export type Cell = string | number | null

export interface Column {
  readonly heading: string
  /** In characters. */
  readonly width: number
  /** A share from 0 to 1 that is shown as a percentage with one decimal. */
  readonly percent?: boolean
}

export interface Sheet {
  readonly title: string
  readonly columns: ReadonlyArray<Column>
  readonly rows: ReadonlyArray<ReadonlyArray<Cell>>
}
