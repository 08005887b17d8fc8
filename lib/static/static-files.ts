import { closeSync } from 'node:fs'
import { errorCode, toError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import type { Logger } from '../logging/log.js'
import { Catalog, type StaticFile } from './catalog.js'
import { chooseEncoded } from './encodings.js'
import type { Mapping } from './mount.js'
import { isSame, openFile, type Representation } from './representation.js'
import { filePath } from './request-path.js'
import { sendFile, sendRedirect } from './send.js'

/** A file that changes all the time is not waited for. */
const ATTEMPTS = 3

export interface StaticOptions {
  readonly log: Logger
  /** Whether the content at this URL never changes, whatever its name is. */
  isImmutable(path: string): boolean
  /** For development: each request looks at the disk. */
  readonly alwaysFresh: boolean
}

/** Answers requests for files, before the application gets them: the setting `static`. */
export class StaticFiles {
  readonly #catalog: Catalog
  readonly #log: Logger

  /** @throws UnicornError if a directory is missing */
  constructor(mappings: readonly Mapping[], { log, isImmutable, alwaysFresh }: StaticOptions) {
    this.#log = log
    this.#catalog = new Catalog(mappings, {
      isImmutable,
      warn: problem => log.warn(problem),
      ...(alwaysFresh && { fresh: 0 }),
    })
  }

  /**
   * Answers a GET or HEAD for which there is a file. Whatever else is asked is the application's, as it is in uWSGI.
   * @returns whether it answers
   */
  serve(exchange: Exchange): boolean {
    const { head } = exchange
    if (head.method !== 'GET' && head.method !== 'HEAD') return false
    const path = filePath(head.target().path)
    if (path === undefined) return false
    const found = this.#catalog.find(path)
    if (found === undefined) return false
    if (found.kind === 'directory') this.#answer(exchange, sendRedirect)
    else if ('plain' in found) return this.#serveFile(exchange, found)
    return true
  }

  #serveFile(exchange: Exchange, file: StaticFile): boolean {
    let present: StaticFile | undefined = file
    for (let attempt = 0; present && attempt < ATTEMPTS; attempt++) {
      const chosen = chooseEncoded(exchange.head.field('accept-encoding'), present.encoded) ?? present.plain
      const fd = chosen.bytes ? undefined : this.#open(chosen)
      if (fd === 'short') this.#answer(exchange, ({ answer }) => answer.refuse(503))
      else if (fd !== 'changed') this.#answer(exchange, each => sendFile(each, chosen, { fd, log: this.#log }))
      if (fd !== 'changed') return true
      this.#catalog.forget(present.path)
      const again = this.#catalog.find(present.path)
      present = again !== undefined && 'plain' in again ? again : undefined
    }
    return false
  }

  /** @returns a descriptor; or that the file is another one by now, or that there are no descriptors left */
  #open({ path, identity }: Representation): number | 'changed' | 'short' {
    try {
      const { fd, identity: present } = openFile(path)
      if (isSame(present, identity)) return fd
      closeSync(fd)
    } catch (error) {
      const code = errorCode(error)
      if (code === 'EMFILE' || code === 'ENFILE') {
        this.#log.error({ err: toError(error) }, 'A static file cannot be opened')
        return 'short'
      }
    }
    return 'changed'
  }

  /** The application has nothing to do with it, so a sync worker goes on at once, whatever the client does. */
  #answer(exchange: Exchange, run: (exchange: Exchange) => void): void {
    exchange.inTurn(run)
    exchange.release?.()
  }
}
