import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Made code on disk: one entry for each file and way of making it, which holds as long as the source is the same. A cache that cannot be
 * read or written is none.
 */
export class TranspileCache {
  readonly #directory: string

  /** @param directory  one that no other user can write to */
  constructor(directory: string) {
    this.#directory = directory
  }

  /**
   * @param name  of the entry: all that decides about the code but the source
   * @param make  makes the code where there is none
   */
  get(name: string, source: string, make: () => string): string {
    const file = join(this.#directory, `${digest(name)}.js`)
    const stamp = `//${digest(source)}\n`
    const cached = readOrNothing(file)
    if (cached?.startsWith(stamp)) return cached.slice(stamp.length)
    const code = make()
    replace(file, stamp + code)
    return code
  }
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

/** In one step, since other workers read and write it at the same time. */
function replace(file: string, text: string): void {
  const draft = `${file}.${randomUUID()}`
  try {
    writeFileSync(draft, text, { mode: 0o600 })
    renameSync(draft, file)
  } catch {
    rmSync(draft, { force: true })
  }
}
