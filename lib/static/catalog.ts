import { statSync } from 'node:fs'
import { toError } from '../errors.js'
import { now } from '../sys/clock.js'
import { ownText } from '../sys/own-text.js'
import { contentType, isHashedName } from './content-type.js'
import { ENCODINGS } from './encodings.js'
import { type Directory, type Mapping, Mount } from './mount.js'
import {
  type Content,
  isSame,
  lacksDescriptors,
  type Representation,
  readContent,
  representationOf,
} from './representation.js'

/** How long what was found is taken for true, in milliseconds. */
const FRESH = 1000
/** How many paths are remembered, those without a file apart, and bytes of files in all. */
const MOST_PATHS = 2000
const MOST_BYTES = 32 * 1024 * 1024
/** Clients send paths of any length; longer ones are not remembered. */
const LONGEST_PATH = 200
/** A client must not be able to fill the log. */
const MOST_WARNINGS = 100

/** A file that is served, as it was when it was looked at. */
export interface StaticFile {
  readonly kind: 'file'
  readonly path: string
  readonly plain: Representation
  /** The same, compressed beforehand. */
  readonly encoded: readonly Representation[]
  checkedAt: number
}

const IMMUTABLE = 'public, max-age=31536000, immutable'
const REVALIDATED = 'no-cache'

/** Finds files by paths, and remembers for a moment what it has found, small files with their bytes. */
export class Catalog {
  readonly #mounts: readonly Mount[]
  readonly #fresh: number
  readonly #isImmutable: (path: string) => boolean
  readonly #warn: (problem: string) => void
  readonly #files = new Map<string, StaticFile>()
  readonly #absent = new Map<string, number>()
  readonly #warned = new Set<string>()
  #bytes = 0

  /**
   * @param isImmutable  whether the content at this URL never changes
   * @param fresh  how long what was found is taken for true, in milliseconds
   * @throws UnicornError if a directory is missing
   */
  constructor(
    mappings: readonly Mapping[],
    {
      isImmutable,
      warn,
      fresh = FRESH,
    }: { isImmutable(path: string): boolean; warn(problem: string): void; fresh?: number },
  ) {
    this.#warn = warn
    this.#fresh = fresh
    this.#isImmutable = isImmutable
    const mounts = mappings.map(mapping => new Mount(mapping, problem => this.#warnOnce(problem)))
    // The most specific first. Among equal ones the order stays.
    this.#mounts = mounts.sort((a, b) => b.url.length - a.url.length)
  }

  /**
   * @param path  decoded, without names that begin with a dot
   * @throws a system error if there are no descriptors left; nothing is known of the path then
   */
  find(path: string): StaticFile | Directory | undefined {
    if (!this.#mounts.some(({ url }) => path.startsWith(url))) return undefined
    const time = now()
    const known = this.#files.get(path)
    if (known && time - known.checkedAt < this.#fresh) return known
    const missed = this.#absent.get(path)
    if (missed !== undefined && time - missed < this.#fresh) return undefined
    return this.#look(path, time)
  }

  /** Forgets what was found: it is not so any more. */
  forget(path: string): void {
    const known = this.#files.get(path)
    if (!known) return
    this.#files.delete(path)
    this.#bytes -= sizeInMemory(known)
  }

  #look(path: string, time: number): StaticFile | Directory | undefined {
    const known = this.#files.get(path)
    this.forget(path)
    for (const mount of this.#mounts) {
      const place = mount.find(path)
      if (place === undefined) continue
      if (place.kind === 'directory') return place
      const file = this.#read(path, { mount, found: place.path, known, time })
      if (file) return this.#remember(path, file)
    }
    this.#rememberAbsent(path, time)
    return undefined
  }

  #read(
    path: string,
    { mount, found, known, time }: { mount: Mount; found: string; known: StaticFile | undefined; time: number },
  ): StaticFile | undefined {
    const before = known ? [known.plain, ...known.encoded] : []
    const plain = this.#contentOf(found, '', before)
    if (!plain) return undefined
    const encoded = ENCODINGS.flatMap(([ending, encoding]) => {
      const real = mount.encoded(found + ending)
      return (real !== undefined && this.#contentOf(real, encoding, before)) || []
    })
    const facts = {
      type: contentType(found),
      cacheControl: this.#isImmutable(path) || isHashedName(path) ? IMMUTABLE : REVALIDATED,
      varies: encoded.length > 0,
    }
    return {
      kind: 'file',
      path: ownText(path),
      plain: representationOf(plain, facts),
      encoded: encoded.map(content => representationOf(content, facts)),
      checkedAt: time,
    }
  }

  /** What was read before, if the file is still the same. */
  #contentOf(path: string, encoding: string, before: readonly Content[]): Content | undefined {
    try {
      const known = before.find(content => content.path === path && content.encoding === encoding)
      return known && isUnchanged(known) ? known : readContent(path, encoding)
    } catch (error) {
      if (lacksDescriptors(error)) throw error
      this.#warnOnce(`${path} is not served: ${toError(error).message}`)
      return undefined
    }
  }

  #remember(path: string, file: StaticFile): StaticFile {
    if (path.length > LONGEST_PATH) return file
    this.#files.set(file.path, file)
    this.#bytes += sizeInMemory(file)
    // The oldest first: what is asked for often was put behind them when it was looked at anew.
    for (const oldest of this.#files.keys()) {
      if (this.#bytes <= MOST_BYTES && this.#files.size <= MOST_PATHS) break
      this.forget(oldest)
    }
    return file
  }

  #rememberAbsent(path: string, time: number): void {
    if (path.length > LONGEST_PATH) return
    if (this.#absent.size >= MOST_PATHS) this.#absent.clear()
    this.#absent.set(ownText(path), time)
  }

  #warnOnce(problem: string): void {
    if (this.#warned.has(problem) || this.#warned.size >= MOST_WARNINGS) return
    this.#warned.add(problem)
    this.#warn(problem)
  }
}

function isUnchanged({ path, identity }: Content): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && isSame(stats, identity)
}

function sizeInMemory({ plain, encoded }: StaticFile): number {
  return [plain, ...encoded].reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0)
}
