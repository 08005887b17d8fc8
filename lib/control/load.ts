import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { packageFile } from '../sys/package.js'

/** Loads what only a server needs that is shown to others: a bundle of its own. */
export function load(): typeof import('./serve.js') {
  return createRequire(import.meta.url)(fileURLToPath(packageFile('dist/bin/serve.cjs')))
}
