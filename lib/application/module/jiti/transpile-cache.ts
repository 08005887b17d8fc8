import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Keeps transpiled code on disk: one entry for each file and way to transpile it, valid for one text of the source. If
 * the cache cannot be read or written, the code is made each time.
 */
export class TranspileCache {
  readonly #directory: string | undefined

  /** @param directory one that no other user can write to; undefined to keep nothing */
  constructor(directory: string | undefined) {
    this.#directory = directory
  }

  /** @param name  all that decides about the code but the source, which `make` transpiles */
  get(name: string, source: string, make: () => string): string {
    if (this.#directory === undefined) return make()
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
