/**
 * What a process that a test starts has of this one's environment: no setting, but code that was compiled before, which
 * halves the time that a start takes. `vitest.config.ts` says where that is.
 */
export const bare = { PATH: process.env["PATH"], NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] }
