import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Keeps transpiled code on disk: an entry for each file and way to transpile it, valid for one text of the source. If
 * the cache cannot be read or written, the code is made each time.
 * @param directory  one that no other user can write to
 * @param entry  the source, and by its name all else that decides about the code
 */
export function cached(directory: string, entry: { name: string; source: string }, make: () => string): string {
  const file = join(directory, `${digest(entry.name)}.js`)
  const stamp = `//${digest(entry.source)}\n`
  const known = readOrNothing(file)
  if (known?.startsWith(stamp)) return known.slice(stamp.length)
  const code = make()
  replace(file, stamp + code)
  return code
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Writes in one step, since other workers read and write the file at the same time. */
function replace(file: string, text: string): void {
  const draft = `${file}.${randomUUID()}`
  try {
    writeFileSync(draft, text, { mode: 0o600 })
    renameSync(draft, file)
  } catch {
    rmSync(draft, { force: true })
  }
}
