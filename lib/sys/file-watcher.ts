import { existsSync, type FSWatcher, readdirSync, statSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errorCode, toError } from '../errors.js'
import type { FilePattern } from './file-pattern.js'

interface WatcherParts {
  /** Watched as well as the files, whether they exist or not. */
  readonly patterns: readonly FilePattern[]
  /** Gets the files that were written, replaced, created or removed. */
  readonly onChange: (files: string[]) => void
  readonly onError: (error: Error) => void
}

/** A change is over after so many milliseconds without an event, so that a checkout of many files is one change. */
const QUIET = 50

/** Large directories without sources that people edit. */
const SKIPPED = new Set(['node_modules', '.git'])

/**
 * Reports changes of files. It watches the directories that they are in: a watch on a file itself ends when an editor
 * replaces the file, and files and directories that are gone may come back. (It notices only with the next change that
 * a directory above these was moved.)
 */
export class FileWatcher {
  readonly #parts: WatcherParts
  /** The inode is there to notice that another directory has taken its place. */
  readonly #directories = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>()
  /** Directories that are not there, on the way to something that is wanted. */
  readonly #missing = new Set<string>()
  readonly #changed = new Set<string>()
  #files: ReadonlySet<string> = new Set()
  #quiet: NodeJS.Timeout | undefined

  constructor(parts: WatcherParts) {
    this.#parts = parts
  }

  /**
   * Watches these files, absolute paths that need not exist, and the patterns from now on, and nothing else. A path
   * that ends with a slash is a directory, and stands for all files in it, but not for those below.
   */
  watch(files: ReadonlySet<string>): void {
    this.#files = files
    this.#refresh()
  }

  close(): void {
    clearTimeout(this.#quiet)
    for (const directory of this.#directories.keys()) this.#unwatch(directory)
  }

  #refresh(): void {
    this.#missing.clear()
    const homes = new Set([...this.#files].map(file => (file.endsWith('/') ? file.slice(0, -1) : dirname(file))))
    const trees = this.#parts.patterns.flatMap(({ base, depth }) => directoriesBelow(base, depth))
    const wanted = new Set([...homes, ...trees].map(directory => this.#nearest(directory)))
    for (const [directory, { inode }] of this.#directories) {
      if (!wanted.has(directory) || inodeOf(directory) !== inode) this.#unwatch(directory)
    }
    for (const directory of wanted) if (!this.#directories.has(directory)) this.#watchDirectory(directory)
  }

  /** Returns the directory itself, or the nearest above it that exists. */
  #nearest(directory: string): string {
    if (existsSync(directory)) return directory
    this.#missing.add(directory)
    return this.#nearest(dirname(directory))
  }

  #watchDirectory(directory: string): void {
    try {
      const watcher = watch(directory, (_event, name) => this.#onEvent(directory, name ?? ''))
      watcher.on('error', error => this.#failed(error))
      this.#directories.set(directory, { watcher, inode: inodeOf(directory) })
    } catch (error) {
      this.#failed(error)
    }
  }

  #unwatch(directory: string): void {
    this.#directories.get(directory)?.watcher.close()
    this.#directories.delete(directory)
  }

  /** Reports an error, unless the directory was removed in the meantime: the watch on the one above it sees that. */
  #failed(error: unknown): void {
    if (errorCode(error) !== 'ENOENT') this.#parts.onError(toError(error))
  }

  /** @param name of an entry; of the directory itself if that was removed or moved away */
  #onEvent(directory: string, name: string): void {
    const path = join(directory, name)
    const isItself = name === basename(directory)
    const isBack = this.#missing.has(path)
    if (isItself) this.#unwatch(directory)
    if (isItself || isBack || this.#isNewDirectory(path)) this.#refresh()
    if (isBack || this.#isWanted(path)) this.#note(path)
    else if (isItself && !existsSync(directory)) this.#note(directory)
  }

  #isWanted(path: string): boolean {
    const isFile = this.#files.has(path) || this.#files.has(`${dirname(path)}/`)
    return isFile || this.#parts.patterns.some(pattern => pattern.matches(path))
  }

  #isNewDirectory(path: string): boolean {
    const mayHave = this.#parts.patterns.some(({ base, depth }) => depth > 1 && path.startsWith(base))
    return mayHave && !this.#directories.has(path) && isDirectory(path)
  }

  #note(path: string): void {
    this.#changed.add(path)
    clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => {
      const files = [...this.#changed]
      this.#changed.clear()
      this.#parts.onChange(files)
    }, QUIET)
  }
}

/** Returns a directory with those below it, `depth` levels in all. */
function directoriesBelow(directory: string, depth: number): string[] {
  const below = depth > 1 ? subdirectories(directory) : []
  return [directory, ...below.flatMap(each => directoriesBelow(each, depth - 1))]
}

function subdirectories(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
    return entries
      .filter(entry => entry.isDirectory() && !SKIPPED.has(entry.name))
      .map(entry => join(directory, entry.name))
  } catch {
    // Gone, or not readable: then nothing in it is watched.
    return []
  }
}

/** Returns 0 if nothing is there. */
function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
