import { randomUUID } from 'node:crypto'
import { closeSync, createReadStream, fchownSync, openSync, type ReadStream, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../config/settings.js'
import { accountOf } from '../arbiter/account.js'
import { errorCode, toError } from '../errors.js'

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such directory',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
}

/**
 * A file that a worker writes and the arbiter sends. The arbiter makes it and keeps it open, and its name is taken away
 * when the worker has opened it: so nothing stays, whatever becomes of arbiter, worker and client.
 */
export class Draft {
  readonly path: string
  readonly #fd: number
  #isSent = false

  private constructor(path: string, fd: number) {
    this.path = path
    this.#fd = fd
  }

  /** @throws Error that says why no file can be made where the workers may write */
  static create(config: Pick<Config, 'tmpUploadDir' | 'user' | 'group' | 'initgroups'>): Draft {
    const directory = config.tmpUploadDir ?? tmpdir()
    const path = join(directory, `unicorn-${process.pid}-${randomUUID()}`)
    try {
      const fd = openSync(path, 'wx+', 0o600)
      const account = accountOf(config)
      if (account) fchownSync(fd, account.uid, account.gid)
      return new Draft(path, fd)
    } catch (error) {
      const why = HINTS[errorCode(error) ?? ''] ?? toError(error).message
      throw new Error(`no file can be made in ${directory} (--tmp-upload-dir): ${why}`, { cause: error })
    }
  }

  /** What the worker has written. @param signal  aborted when its reader is gone */
  read(signal: AbortSignal): ReadStream {
    this.#isSent = true
    const stream = createReadStream('', { fd: this.#fd, start: 0 })
    if (signal.aborted) stream.destroy()
    return stream
  }

  /** What is read stays until it is read. */
  unlink(): void {
    try {
      unlinkSync(this.path)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
    } finally {
      if (!this.#isSent) closeSync(this.#fd)
    }
  }
}
