/** What the pool and a worker say to each other. Both ends are of this folder, and of one version. */

/** Asks for a task. One at a time: the next one comes after `Done`. */
export interface Run {
  readonly _tag: "Run"
  readonly task: string
  readonly input: unknown
}
/** So many bytes have been read; as many more may come. */
export interface More {
  readonly _tag: "More"
  readonly bytes: number
}
export type ToWorker = Run | More

export interface Bytes {
  readonly _tag: "Bytes"
  readonly bytes: Uint8Array
}
export interface Done {
  readonly _tag: "Done"
  readonly value: unknown
}
export interface Threw {
  readonly _tag: "Threw"
  readonly message: string
}
export type FromWorker = Bytes | Done | Threw

/**
 * Bytes that a task may be ahead of its reader. Larger than nearly every answer, so that a slow reader does not keep a
 * thread: the task ends, and what it has made waits here.
 */
export const ahead = 1024 * 1024
