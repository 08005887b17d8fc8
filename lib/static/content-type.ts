import { posix } from 'node:path'
import { lookup } from 'mrmime'

/**
 * A hash of the content, as bundlers and Django's ManifestStaticFilesStorage put it into names: `main.55e7cbb9ba48.css`
 * has one. Eight hexadecimal digits or more, both letters and digits among them, are neither a date nor a word; the end
 * of a UUID is no hash.
 */
const HASHED = /(?:^|[-._])(?<![0-9a-f]{4}-)(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,64}\./

/** @param path  of a file; its ending decides */
export function contentType(path: string): string {
  const type = lookup(path) ?? 'application/octet-stream'
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type
}

/** Whether the content of a file never changes, since its name would. */
export function isHashedName(path: string): boolean {
  return HASHED.test(posix.basename(path))
}
