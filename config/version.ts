import { readFileSync } from 'node:fs'
import { packageFile } from '../lib/sys/package.js'

/** Returns the version in this package's package.json. */
export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown'
}
