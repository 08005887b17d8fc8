import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'

/**
 * A directory for unix sockets: their paths hold about 100 bytes, and `t.testdir()` has long ones. Gone with the test.
 */
export function shortDir(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'u-'))
  atEnd(t, () => rmSync(directory, { recursive: true }))
  return directory
}
