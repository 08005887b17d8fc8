import { existsSync } from 'node:fs'

/** Looked up once, since the directory may be removed while a server runs. */
let root: URL | undefined

/**
 * Returns the URL of a file of this package.
 * @param path from the package's directory. A module cannot know how deep in it it is, since it runs as a file of its
 * own or from a bundle
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
