import { existsSync } from 'node:fs'

let root: URL | undefined

/**
 * A file of this package, by its path from the package's directory. The compiled code is there file by file and, for a quick start,
 * bundled: so no module can know by itself how deep it lies. Looked up once, since the directory may be removed while a server runs.
 */
export function packageFile(path: string): URL {
  root ??= findRoot(new URL('.', import.meta.url))
  return new URL(path, root)
}

function findRoot(directory: URL): URL {
  if (existsSync(new URL('package.json', directory))) return directory
  const above = new URL('..', directory)
  if (above.href === directory.href) throw new Error(`no package.json above ${import.meta.url}`)
  return findRoot(above)
}
