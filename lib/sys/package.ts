import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { property } from './objects.js'

/** The package's directory; looked up once, since it may be removed while a server runs. */
let root: URL | undefined

/** Returns the URL of a file by its path in the package, whose modules run as files of their own or from a bundle. */
export function packageFile(path: string): URL {
  root ??= findRoot(new URL('.', import.meta.url))
  return new URL(path, root)
}

/** Returns the version in this package's package.json. */
export function version(): string {
  return String(property(JSON.parse(readFileSync(packageFile('package.json'), 'utf8')), 'version') ?? 'unknown')
}

function findRoot(directory: URL): URL {
  if (existsSync(new URL('package.json', directory))) return directory
  const above = new URL('..', directory)
  if (above.href === directory.href) throw new Error(`no package.json above ${import.meta.url}`)
  return findRoot(above)
}

/**
 * Loads a bundle of this package that most processes do without. By `require`: `import` would start the loader of ES
 * modules, for 4 ms, and in a thread for 70 ms and 9 MB.
 * @param name  of its file in `dist/bin`
 */
export function requireBundle<Exports>(name: string): Exports {
  return createRequire(import.meta.url)(fileURLToPath(packageFile(`dist/bin/${name}`)))
}
