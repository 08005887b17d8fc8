import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './root.js'

const TESTS = join(root, 'dist/test')

/** Milliseconds for the test files of one process. The helpers give up earlier and say what they waited for. */
export const LIMIT = 600_000

/** All test files, by their paths below `dist/test`. */
export const testFiles: readonly string[] = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.test.js'))
  .sort()

/** Those of a directory, without those further below. */
export function testFilesIn(directory: string): string[] {
  return testFiles.filter(file => dirname(file) === directory)
}

/** Runs test files in this process, by their paths below `dist/test`. */
export async function importTests(files: readonly string[]): Promise<void> {
  for (const file of files) await import(pathToFileURL(join(TESTS, file)).href)
}
