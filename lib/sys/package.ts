import { existsSync } from 'node:fs'

/**
 * A file of this package, by its path from the package's directory. The compiled code is there file by file and, for a quick start,
 * bundled: so no module can know by itself how deep it lies.
 */
export function packageFile(path: string): URL {
  let directory = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', directory))) directory = new URL('..', directory)
  return new URL(path, directory)
}
