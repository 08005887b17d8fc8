import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './root.js'

/** Runs the test files of a directory below `dist/test`, without those further below, in this process. */
export async function importTests(directory: string): Promise<void> {
  const path = join(root, 'dist/test', directory)
  const files = readdirSync(path).filter(name => name.endsWith('.test.js'))
  for (const file of files.sort()) await import(pathToFileURL(join(path, file)).href)
}
