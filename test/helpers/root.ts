import { fileURLToPath } from 'node:url'

/** The repository's root: tests run from dist/test, fixtures are read from the source tree. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The command that users run. */
export const unicornBin = `${root}dist/bin/unicorn.cjs`
