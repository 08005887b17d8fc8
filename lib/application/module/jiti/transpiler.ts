import { Module } from 'node:module'
import type { Jiti, TransformOptions, TransformResult } from 'jiti'
import { cacheDirectory } from '../../../sys/cache-directory.js'
import { keepErrorFormat } from '../../../sys/error-format.js'
import { isTypeScript, moduleKind } from '../../../sys/module-kind.js'
import { property } from '../../../sys/objects.js'
import { compileStack } from '../compile-fault.js'
import { LOADED } from '../module-hooks.js'
import { couldNotCompile } from '../node-loader.js'
import { mapStacks } from './original-stacks.js'
import { propertyDecorators } from './property-decorators.js'
import { cached } from './transpile-cache.js'
import { compilerOptions } from './tsconfig.js'

/** The version of the code that is made here: the cache holds entries of each version apart. */
const FORM = 3

/**
 * The virtual module by which ES modules that jiti transpiles, because Node failed to load them, first have Node try
 * again: it gives their exports, throws what they threw if they ran, or else lets them go on.
 */
export const RUN_ONCE = 'unicorn:once'
const ASK_ONCE = `"use strict";{const loaded=await (await jitiImport("${RUN_ONCE}")).load(__filename);if(loaded){module.exports=loaded;return}}`

/** Makes a module the main one, as jiti has no option for. */
const BE_MAIN = '"use strict";require.main=process.mainModule=module;module.id=".";'

/** Has `import x from` give what a CommonJS module exports, as Node does. */
const DEFAULT_EXPORT =
  ';((e)=>{if((typeof e=="object"||typeof e=="function")&&e&&!("default" in e))Reflect.defineProperty(e,"default",{value:e,configurable:true,writable:true})})(module.exports);'

/** How the code begins that jiti makes of a file with a syntax error. */
const PARSE_ERROR = 'exports.__JITI_ERROR__ = '

/**
 * Makes a transformation for jiti, which transpiles by jiti's own, keeps the code on disk, and adds what jiti lacks. It
 * throws a SyntaxError with the place in its stack, and what a CommonJS module threw that Node has run before.
 * @param babel  has jiti's own transformation
 * @param first  the first module, beside whose packages the cache lies; the main one if `isMain`
 * @param options  `prologue` makes what is put before the code of each module, and is not kept on disk
 */
export function transpiler(
  babel: Jiti,
  first: string,
  { isMain, prologue }: { isMain: boolean; prologue(isModule: boolean): string },
): (options: TransformOptions) => TransformResult {
  const failures = recordFailures()
  const directory = cacheDirectory(first)
  return options => {
    const { source, filename = '', async = false } = options
    LOADED.publish(filename)
    if (failures.has(filename)) throw failures.get(filename)
    const isThisMain = isMain && filename === first
    const importSource = filename.endsWith('x') ? (compilerOptions(filename).jsxImportSource ?? 'react') : undefined
    const jsx = importSource !== undefined && ({ runtime: 'automatic', importSource } as const)
    const name = [FORM, filename, async, isThisMain, importSource].join('\n')
    const make = (): string => (isThisMain ? BE_MAIN : '') + transpile(babel, { ...options, jsx }, filename)
    const code = directory === undefined ? make() : cached(directory, { name, source }, make)
    mapStacks(filename, code)
    // Of an ES module that is required, jiti makes CommonJS, whose `require` stands for `import`.
    return { code: prologue(!async && moduleKind(filename) === 'module') + code }
  }
}

/** Records what CommonJS modules throw, by file: jiti would transpile such a file and run it a second time. */
function recordFailures(): ReadonlyMap<string, unknown> {
  const failures = new Map<string, unknown>()
  const compile = property(Module.prototype, '_compile')
  if (typeof compile !== 'function') return failures
  Reflect.set(Module.prototype, '_compile', function (this: unknown, source: string, file: string, ...rest: unknown[]) {
    try {
      return Reflect.apply(compile, this, [source, file, ...rest])
    } catch (error) {
      if (!couldNotCompile(file, error)) failures.set(file, error)
      throw error
    }
  })
  return failures
}

function transpile(babel: Jiti, options: TransformOptions, filename: string): string {
  const plugins = isTypeScript(filename) ? [propertyDecorators] : []
  const forBabel = { ...options.babel, plugins, sourceMaps: 'inline', sourceFileName: filename }
  const code = keepErrorFormat(() => babel.transform({ ...options, babel: forBabel }))
  if (code.startsWith(PARSE_ERROR)) throw syntaxError(filename, options.source, code.slice(PARSE_ERROR.length))
  // jiti has had Node load an ES module first. Node may have run it, or failed because jiti gives it paths, not URLs.
  const isTried = options.async && !isTypeScript(filename) && moduleKind(filename) === 'module'
  const defaultExport = code.includes('"__esModule"') ? '' : DEFAULT_EXPORT
  return `${isTried ? ASK_ONCE : ''}${code}\n${defaultExport}`
}

/** @param json describes the error: jiti makes code of it that exports it */
function syntaxError(file: string, source: string, json: string): SyntaxError {
  const { line, column, message }: { line: number; column: number; message: string } = JSON.parse(json)
  const what = message.split('\n')[0]?.trim() ?? ''
  const error = new SyntaxError(what)
  const text = source.split('\n')[line - 1] ?? ''
  error.stack = compileStack({ file, line, column: column + 1, text }, what)
  return error
}
