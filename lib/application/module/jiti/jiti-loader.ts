import { readFileSync } from 'node:fs'
import type { Jiti, JitiOptions } from 'jiti'
import type { Exports } from '../import-module.js'
import { tryByNode } from '../node-loader.js'
import { isInstalledFor, ownModules } from '../own-package.js'
import { ONCE, Transpiler } from './transpiler.js'
import { mayHavePaths } from './tsconfig.js'

/** No cache of jiti's on disk: it could be one that another user of the machine can write. */
const OPTIONS = { fsCache: false, interopDefault: false } as const satisfies JitiOptions

/**
 * Loads a module by jiti, whatever of TypeScript it has: enums, decorators with metadata, imports of `./x` or `./x.js` that mean
 * `x.ts`, the paths of its tsconfig.json, and `require` beside `import`.
 * @param file  absolute, with no links in it
 * @param main  whether `require.main` is to be its module
 */
export async function importByJiti(file: string, main: boolean): Promise<Exports> {
  const { createJiti } = await import('jiti')
  const transpiler = new Transpiler(createJiti(file, OPTIONS), file, main ? file : undefined)
  const virtualModules = {
    [ONCE]: { load: loadOnce },
    ...(!isInstalledFor(file) && (await ownModules())),
  }
  const options = { ...OPTIONS, virtualModules, jsx: true, transform: transpiler.transform.bind(transpiler) }
  const jiti = createWithPaths(file, tsconfigPaths => createJiti(file, { ...options, tsconfigPaths }))
  const exports = await jiti.evalModule(readFileSync(file, 'utf8'), {
    filename: file,
    async: true,
    forceTranspile: true,
  })
  return asExports(exports)
}

/**
 * A tsconfig.json that cannot be read in full, as where what it extends is not installed, is none. jiti reads it for each module anew, so it
 * is not told to where there is nothing to be found.
 */
function createWithPaths(file: string, create: (tsconfigPaths: boolean) => Jiti): Jiti {
  if (!mayHavePaths(file)) return create(false)
  try {
    return create(true)
  } catch {
    return create(false)
  }
}

/**
 * Before jiti runs code that it made of what Node could not load.
 * @returns the exports where Node can
 * @throws what Node's own attempt ended with, where that had come to running it: it is not run a second time
 */
async function loadOnce(file: string): Promise<Exports | undefined> {
  const attempt = await tryByNode(file)
  if ('exports' in attempt) return attempt.exports
  if (attempt.hasRun) throw attempt.error
  return undefined
}

function asExports(value: unknown): Exports {
  return isExports(value) ? value : { default: value }
}

function isExports(value: unknown): value is Exports {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
