import { requireBundle } from '../sys/package.js'

/** Loads what only a server needs that is shown to others: a bundle of its own. */
export function load(): typeof import('./serve.js') {
  return requireBundle('serve.cjs')
}
