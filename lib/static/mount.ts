import { realpathSync, statSync } from 'node:fs'
import { dirname, sep } from 'node:path'
import { ExitCode, errorCode, UnicornError } from '../errors.js'

/** A URL and what is served there: the setting `static` has a list of them. */
export interface Mapping {
  /** A path without a slash at its end; empty for all paths. */
  readonly url: string
  /** Of a directory, or of one file. */
  readonly path: string
}

/** What there is for a URL: a file, or a directory with an index whose URL lacks its slash. */
export type Place = { readonly kind: 'file'; readonly path: string } | Directory

export interface Directory {
  readonly kind: 'directory'
}

const INDEX = 'index.html'

/** Codes of errors that say that there is no such file. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EINVAL'])

/** A directory that is served, or one file. Calls the system without leaving the event loop, as nginx does. */
export class Mount {
  readonly url: string
  readonly #root: string
  readonly #isFile: boolean
  readonly #warn: (problem: string) => void

  /** @param warn  is told of files that cannot be served @throws UnicornError if there is no such directory */
  constructor({ url, path }: Mapping, warn: (problem: string) => void) {
    this.url = url
    this.#warn = warn
    try {
      this.#root = realpathSync.native(path)
      const stats = statSync(this.#root)
      this.#isFile = stats.isFile()
      if (!this.#isFile && !stats.isDirectory()) throw new Error('it is neither a directory nor a file')
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const message = `--static ${url || '/'}=${path}: ${why}; wanted a directory of files to serve, or one file`
      throw new UnicornError(
        message,
        { found: path, wanted: 'a directory or a file', where: '--static', error },
        ExitCode.workerBoot,
      )
    }
  }

  /** @param path  decoded, without names that begin with a dot */
  find(path: string): Place | undefined {
    if (!path.startsWith(this.url)) return undefined
    const rest = path.slice(this.url.length)
    if (this.#isFile) return rest === '' ? this.#placeOf(this.#root, dirname(this.#root)) : undefined
    if (rest !== '' && !rest.startsWith('/')) return undefined
    return this.#placeOf(this.#root + (rest.endsWith('/') ? rest + INDEX : rest), this.#root)
  }

  /** The file that was compressed beforehand, without links; undefined if there is none. */
  encoded(path: string): string | undefined {
    return this.#resolve(path, this.#isFile ? dirname(this.#root) : this.#root)
  }

  #placeOf(path: string, root: string): Place | undefined {
    const real = this.#resolve(path, root)
    if (real === undefined) return undefined
    const stats = statSync(real, { throwIfNoEntry: false })
    if (stats?.isFile()) return { kind: 'file', path: real }
    return stats?.isDirectory() && this.#resolve(real + sep + INDEX, root) !== undefined
      ? { kind: 'directory' }
      : undefined
  }

  /** Follows links, as long as they stay in the directory. */
  #resolve(path: string, root: string): string | undefined {
    try {
      const real = realpathSync.native(path)
      if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return real
      this.#warn(`${path} is not served: it is a link to ${real}, outside of ${root}; say --static for that too`)
    } catch (error) {
      if (!ABSENT.has(errorCode(error) ?? '')) this.#warn(`${path} is not served: ${String(error)}`)
    }
    return undefined
  }
}
