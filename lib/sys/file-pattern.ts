import { statSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import picomatch from 'picomatch'

/** Files that are known by a pattern, whether they exist or not. */
export interface FilePattern {
  /** The directory that all of them are in, or below; absolute. */
  readonly base: string
  /** How many levels of directories they can be in: 1 is `base` alone. */
  readonly depth: number
  /** @param path absolute */
  readonly matches: (path: string) => boolean
}

/**
 * Makes a pattern of a path or a glob.
 * @param text a file, a directory, which stands for all files below it, or a glob such as `locales/**`
 * @param directory the absolute directory that `text` is relative to; not part of the glob, whatever its name holds
 */
export function filePattern(text: string, directory: string): FilePattern {
  const path = resolve(directory, text)
  const there = statSync(path, { throwIfNoEntry: false })
  if (there?.isDirectory()) {
    return { base: path, depth: Number.POSITIVE_INFINITY, matches: each => each.startsWith(path + sep) }
  }
  const { base, glob, isGlob } = picomatch.scan(text)
  if (there || !isGlob) return { base: dirname(path), depth: 1, matches: each => each === path }
  const top = resolve(directory, base)
  const isMatch = picomatch(glob)
  const depth = glob.includes('**') ? Number.POSITIVE_INFINITY : glob.split('/').length
  return { base: top, depth, matches: each => isMatch(relative(top, each)) }
}
