import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { errorCode, UnicornError } from '../errors.js'

const CONTENT = `${process.pid}\n`
const MODE = 0o644

/** Returns whether a process with this id exists, of any user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

/** The file that holds the arbiter's pid. It is removed only while it still holds ours. */
export class Pidfile {
  readonly path: string
  readonly #predecessor: number | undefined

  /**
   * Writes our pid.
   * @param predecessor the pid of a process that is gone, though its parent may not have reaped it yet
   * @throws UnicornError if the file holds the pid of another live process, or cannot be written
   */
  constructor(path: string, predecessor?: number) {
    this.path = path
    this.#predecessor = predecessor
    this.#write()
  }

  #write(): void {
    const temporary = `${this.path}.${process.pid}.tmp`
    try {
      writeFileSync(temporary, CONTENT, { mode: MODE })
      this.#claim(temporary)
    } catch (error) {
      if (error instanceof UnicornError) throw error
      const found = errorCode(error) ?? String(error)
      const message = `pid file ${this.path} cannot be written: ${found}`
      throw new UnicornError(message, { found, where: this.path, error })
    } finally {
      discard(temporary)
    }
  }

  /** Fails if the file exists, so two arbiters that start at once cannot both claim it. */
  #create(temporary: string): void {
    try {
      linkSync(temporary, this.path)
    } catch (error) {
      if (errorCode(error) === 'EEXIST') throw error
      // A file system without hard links. For a moment the file is empty, which a reader takes for no pid.
      writeFileSync(this.path, CONTENT, { mode: MODE, flag: 'wx' })
    }
  }

  #claim(temporary: string): void {
    try {
      this.#create(temporary)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
      const owner = readPid(this.path)
      if (owner !== undefined && owner !== process.pid && owner !== this.#predecessor && isAlive(owner)) {
        const fault = { found: owner, wanted: 'a pid file of no live process', where: this.path }
        throw new UnicornError(`pid file ${this.path} belongs to a live process: ${owner}`, fault)
      }
      renameSync(temporary, this.path)
    }
  }

  remove(): void {
    if (readPid(this.path) === process.pid) unlinkSync(this.path)
  }
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim())
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Never throws: what could not be written need not be removed, and its own error says why. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {}
}
