import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createJiti, type Jiti, type JitiOptions } from 'jiti'
import { currentEnvironment } from '../../../../config/sources/env.js'
import { type Conditions, importConditions, underConditions } from '../../../sys/import-conditions.js'
import { isObject } from '../../../sys/objects.js'
import { type Exports, tryByNode } from '../node-loader.js'
import { isInstalledFor, OWN_MODULES } from '../own-package.js'
import { RUN_ONCE, transpiler } from './transpiler.js'
import { compilerOptions } from './tsconfig.js'

// The rest of the program knows only this file of the directory, and loads it when Node cannot find or load a module.

/** jiti's own cache on disk is off: another user of the machine could write to it. */
const OPTIONS = { fsCache: false, interopDefault: false } as const satisfies JitiOptions

/**
 * Loads a module by jiti, which knows all of TypeScript: enums, decorators with metadata, imports of `./x` or `./x.js`
 * that mean `x.ts`, the paths of tsconfig.json, and `require` beside `import`.
 * @param file an absolute path without links
 * @param main whether `require.main` is its module
 */
export async function importByJiti(file: string, main: boolean): Promise<Exports> {
  const { virtualModule, prologue } = underConditions(conditions())
  const transform = transpiler(createJiti(file, OPTIONS), file, { isMain: main, prologue })
  const virtualModules = {
    ...virtualModule,
    [RUN_ONCE]: { load: tryByNode },
    ...(!isInstalledFor(file) && (await ownModules())),
  }
  const options = { ...OPTIONS, virtualModules, jsx: true, transform }
  const exports = await createWithPaths(file, options).evalModule(readFileSync(file, 'utf8'), {
    filename: file,
    async: true,
    forceTranspile: true,
  })
  return isExports(exports) ? exports : { default: exports }
}

/** The file of a package as `import` in `base` finds it, if there is one. Node itself has no call for that. */
export function resolveByJiti(module: string, base: string): string | undefined {
  const url = createJiti(base, OPTIONS).esmResolve(module, { try: true, conditions: [...conditions().import] })
  return url?.startsWith('file:') ? fileURLToPath(url) : url
}

function conditions(): Conditions {
  return importConditions(currentEnvironment().NODE_OPTIONS)
}

/** jiti reads tsconfig.json for each module, so only if it has paths, and throws if it cannot read all of it. */
function createWithPaths(file: string, options: JitiOptions): Jiti {
  const { paths, baseUrl } = compilerOptions(file)
  try {
    return createJiti(file, { ...options, tsconfigPaths: Boolean(paths ?? baseUrl) })
  } catch {
    return createJiti(file, options)
  }
}

/** Loads this package for modules of jiti, whose imports no hook of Node sees. */
async function ownModules(): Promise<Record<string, unknown>> {
  const modules = [...OWN_MODULES].map(async ([name, { href }]) => [name, await import(href)] as const)
  return Object.fromEntries(await Promise.all(modules))
}

function isExports(value: unknown): value is Exports {
  return isObject(value)
}
