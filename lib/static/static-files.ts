import { closeSync } from 'node:fs'
import { toError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import type { Logger } from '../logging/log.js'
import { Catalog } from './catalog.js'
import { chooseEncoded } from './encodings.js'
import type { Mapping } from './mount.js'
import { isSame, lacksDescriptors, openFile, type Representation } from './representation.js'
import { filePath } from './request-path.js'
import { sendFile, sendRedirect } from './send.js'

/** A file that changes all the time is not waited for. */
const ATTEMPTS = 3

type Found = ReturnType<Catalog['find']> | 'short'

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
    const found = this.#find(path)
    if (found === undefined) return false
    // Nothing is open before its turn, which never comes if the connection ends.
    exchange.inTurn(each => this.#send(each, path, found))
    // The application has nothing to do with it, so a sync worker goes on at once, whatever the client does.
    exchange.release?.()
    return true
  }

  /** @returns `short` if there are no descriptors left */
  #find(path: string): Found {
    try {
      return this.#catalog.find(path)
    } catch (error) {
      return this.#short(error)
    }
  }

  #short(error: unknown): 'short' {
    this.#log.error({ err: toError(error) }, 'A static file cannot be opened')
    return 'short'
  }

  /** Sends the file as it is now. */
  #send(exchange: Exchange, path: string, found: Found): void {
    for (let attempt = 0, file = found; attempt < ATTEMPTS && file; attempt++) {
      if (file === 'short') return exchange.answer.refuse(503)
      if (file.kind === 'directory') return sendRedirect(exchange)
      const chosen = chooseEncoded(exchange.head.field('accept-encoding'), file.encoded) ?? file.plain
      const fd = chosen.bytes ? undefined : this.#open(chosen)
      if (fd === 'short') return exchange.answer.refuse(503)
      if (fd !== 'changed') return sendFile(exchange, chosen, { fd, log: this.#log })
      this.#catalog.forget(path)
      file = this.#find(path)
    }
    exchange.answer.refuse(404)
  }

  /** @returns a descriptor; or that the file is another one by now, or that there are no descriptors left */
  #open({ path, identity }: Representation): number | 'changed' | 'short' {
    try {
      const { fd, identity: present } = openFile(path)
      if (isSame(present, identity)) return fd
      closeSync(fd)
    } catch (error) {
      if (lacksDescriptors(error)) return this.#short(error)
    }
    return 'changed'
  }
}
