import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compileFunction } from 'node:vm'
import type { Jiti } from 'jiti'
import { cacheDirectory } from '../../lib/sys/cache-directory.js'
import { bounded } from '../../lib/sys/confinement.js'
import { keepErrorFormat } from '../../lib/sys/error-format.js'
import { importConditions, underConditions } from '../../lib/sys/import-conditions.js'
import { compilesAsCommonJs, isTypeScript, moduleKind, usesCommonJs } from '../../lib/sys/module-kind.js'
import { packageFile } from '../../lib/sys/package.js'
import { currentEnvironment } from './env.js'

/** The module that `import ... from 'unicorn'` gives a config file, even if the package is not installed beside it. */
const PACKAGE = packageFile('dist/lib/index.js')

/** Node's cache of CommonJS modules and JSON. */
const { cache } = createRequire(import.meta.url)

/**
 * Loads a module in TypeScript or JavaScript, and the user's files that it imports, as they are on disk now: nothing
 * comes from a cache and nothing stays in one. (`import('./x.js?2')` would keep imported helpers stale.) Node loads the
 * packages in node_modules, once.
 * @returns its exports; those of CommonJS as they are
 */
export async function loadFresh(file: string): Promise<unknown> {
  const source = readFileSync(file, 'utf8')
  if (standsAlone(source) && compilesAsCommonJs(source)) return bounded(() => runCommonJs(file, source))
  const jiti = await createLoader(file, false)
  const before = new Set(Object.keys(cache))
  try {
    return bounded(() => evaluate(jiti, file, false))
  } catch (error) {
    if (!isTopLevelAwait(error)) throw error
    // Only for top-level await: jiti's asynchronous way leaves .mjs and .cjs helpers to Node, which caches them.
    return await bounded(() => evaluate(jiti, file, true))
  } finally {
    for (const key of Object.keys(cache)) if (!before.has(key) && !key.includes('/node_modules/')) delete cache[key]
  }
}

/**
 * Loads a module once in the life of this process. Node loads the plain JavaScript that it imports, so the application
 * shares it: `postFork` may open what the application then uses.
 */
export async function loadShared(file: string): Promise<unknown> {
  const source = readFileSync(file, 'utf8')
  if (standsAlone(source)) {
    if (compilesAsCommonJs(source)) return runCommonJs(file, source)
    const isModule = !isTypeScript(file) && moduleKind(file) === 'module' && !usesCommonJs(source)
    if (isModule) return import(pathToFileURL(file).href)
  }
  return evaluate(await createLoader(file, true), file, true)
}

/** Matches an import of a module of Node's. */
const BUILTIN = /\bimport\b[^'"()]*['"]node:[\w/]+['"]|\brequire\(['"]node:[\w/]+['"]\)/g

/** Reports whether a module imports nothing but modules of Node's: then no loader is needed to know what it means. */
function standsAlone(source: string): boolean {
  return !/\b(?:import|require)\b/.test(source.replace(BUILTIN, ''))
}

/** Runs a module without the loader, which costs a process up to 0.3 s of CPU time, and without a cache. */
function runCommonJs(file: string, source: string): unknown {
  const module = { exports: {} }
  const run = compileFunction(source, ['exports', 'require', 'module', '__filename', '__dirname'], { filename: file })
  run.call(module.exports, module.exports, createRequire(file), module, file, dirname(file))
  return module.exports
}

/** jiti is loaded only here: most servers have no config file, and many of the others need no loader. */
async function createLoader(file: string, moduleCache: boolean): Promise<Jiti> {
  const [{ createJiti }, unicorn] = await Promise.all([import('jiti'), import(PACKAGE.href)])
  const babel = createJiti(file, { fsCache: false })
  const { virtualModule, prologue } = underConditions(importConditions(currentEnvironment().NODE_OPTIONS))
  return createJiti(file, {
    moduleCache,
    fsCache: (namesFit(file) && cacheDirectory(file)) || false,
    interopDefault: true,
    virtualModules: { ...virtualModule, unicorn },
    transform: options => ({ code: prologue(false) + keepErrorFormat(() => babel.transform(options)) }),
  })
}

/** jiti names what it keeps after the file and its directory, in up to 255 bytes, and a hash is in them too. */
function namesFit(file: string): boolean {
  return Buffer.byteLength(basename(dirname(file)) + basename(file)) < 230
}

/** Evaluates even .mjs and .cjs by jiti: Node would cache them, and would not find `unicorn`. */
function evaluate(jiti: Jiti, file: string, async: boolean): unknown {
  return jiti.evalModule(readFileSync(file, 'utf8'), { filename: file, async, forceTranspile: true })
}

function isTopLevelAwait(error: unknown): boolean {
  return error instanceof SyntaxError && error.message.startsWith('await is only valid in async functions')
}
