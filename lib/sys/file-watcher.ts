import { existsSync, type FSWatcher, readdirSync, statSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errorCode, toError } from '../errors.js'
import type { FilePattern } from './file-pattern.js'

interface WatcherParts {
  /** Files that are watched besides, whether they are there or not. */
  readonly patterns: readonly FilePattern[]
  /** Gets the files that were written, replaced, made or removed. */
  readonly onChange: (files: string[]) => void
  readonly onError: (error: Error) => void
}

interface WatchedDirectory {
  readonly watcher: FSWatcher
  /** Another directory may come to be in its place. */
  readonly inode: number
}

/** Saving one file, or checking out many, is one change: it is over after so many quiet milliseconds. */
const QUIET = 50

/** What has no sources in it that somebody edits, and much else. */
const SKIPPED = new Set(['node_modules', '.git'])

/**
 * Tells when files change. It watches the directories that they are in, since a watch on a file itself ends when an editor puts a
 * new one in its place, and files that are gone, directories too, may come back. (That a directory above these is moved is seen
 * with the next change.)
 */
export class FileWatcher {
  readonly #parts: WatcherParts
  readonly #directories = new Map<string, WatchedDirectory>()
  /** Directories that are not there, on the way to something that is wanted. */
  readonly #missing = new Set<string>()
  readonly #changed = new Set<string>()
  #files: ReadonlySet<string> = new Set()
  #quiet: NodeJS.Timeout | undefined

  constructor(parts: WatcherParts) {
    this.#parts = parts
  }

  /**
   * From now on these files, the patterns, and nothing else.
   * @param files  absolute paths; they need not be there
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
    const homes = new Set([...this.#files].map(file => dirname(file)))
    const wanted = new Set(
      [...homes, ...this.#parts.patterns.flatMap(({ base, depth }) => directoriesBelow(base, depth))].map(path =>
        this.#nearest(path),
      ),
    )
    for (const [directory, { inode }] of this.#directories) {
      if (!wanted.has(directory) || inodeOf(directory) !== inode) this.#unwatch(directory)
    }
    for (const directory of wanted) if (!this.#directories.has(directory)) this.#watchDirectory(directory)
  }

  /** The directory itself, or the nearest above it that is there. */
  #nearest(directory: string): string {
    if (existsSync(directory)) return directory
    this.#missing.add(directory)
    return this.#nearest(dirname(directory))
  }

  #watchDirectory(directory: string): void {
    try {
      const watcher = watch(directory, (_event, name) => this.#heard(directory, name ?? ''))
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

  /** One that was removed in the meantime is heard of by the one above it. */
  #failed(error: unknown): void {
    if (errorCode(error) !== 'ENOENT') this.#parts.onError(toError(error))
  }

  /** @param name  of an entry; of the directory itself where that was removed or moved away */
  #heard(directory: string, name: string): void {
    const path = join(directory, name)
    const isItself = name === basename(directory)
    const isBack = this.#missing.has(path)
    if (isItself) this.#unwatch(directory)
    if (isItself || isBack || this.#isNewDirectory(path)) this.#refresh()
    if (isBack || this.#isWanted(path)) this.#note(path)
    else if (isItself && !existsSync(directory)) this.#note(directory)
  }

  #isWanted(path: string): boolean {
    return this.#files.has(path) || this.#parts.patterns.some(pattern => pattern.matches(path))
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

/** A directory with those below it, on so many levels in all. */
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
    // Gone, or not ours to read: then nothing of it is watched.
    return []
  }
}

/** 0 where nothing is there. */
function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
