import type { Jiti, TransformOptions, TransformResult } from 'jiti'
import { cacheDirectory } from '../../../sys/cache-directory.js'
import { keepErrorFormat } from '../../../sys/error-format.js'
import { compileStack } from '../compile-fault.js'
import { LOADED } from '../loaded-channel.js'
import { isTypeScript, moduleKind } from '../module-kind.js'
import { CommonJsFailures } from './commonjs-failures.js'
import { mapStacks } from './original-stacks.js'
import { propertyDecorators } from './property-decorators.js'
import { TranspileCache } from './transpile-cache.js'
import { jsxImportSource } from './tsconfig.js'

/** Of the code that is made here; entries of an older form are made anew. */
const FORM = 2

/** By this name the code that is made finds, as a module, who loads a file that Node may have run before. */
export const ONCE = 'unicorn:once'

/** The directive that the transformation puts first, behind comments. */
const PROLOGUE = /^(?:#!.*|\s|\/\/.*|\/\*[\s\S]*?\*\/)*"use strict";/

/** jiti gives its modules no place as the main one. */
const BE_MAIN = 'require.main=process.mainModule=module;module.id=".";'

/** jiti makes code of an ES module only because Node failed to load it. */
const RUN_ONCE = `{const loaded=await (await jitiImport("${ONCE}")).load(__filename);if(loaded){module.exports=loaded;return}}`

/** `import x from` a module of CommonJS gives what that exports, as it does with Node. */
const DEFAULT_EXPORT =
  ';((e)=>{if((typeof e=="object"||typeof e=="function")&&e&&!("default" in e))Reflect.defineProperty(e,"default",{value:e,configurable:true,writable:true})})(module.exports);'

/** What jiti makes of a file that cannot be parsed. */
const PARSE_ERROR = 'exports.__JITI_ERROR__ = '

/** Makes code for jiti to run, with what jiti itself leaves to be desired. */
export class Transpiler {
  readonly #babel: Jiti
  readonly #main: string | undefined
  readonly #cache: TranspileCache | undefined
  readonly #failures = new CommonJsFailures()

  /**
   * @param babel  makes the code
   * @param main   the file of the main module, if there is to be one
   */
  constructor(babel: Jiti, file: string, main: string | undefined) {
    this.#babel = babel
    this.#main = main
    const directory = cacheDirectory(file)
    this.#cache = directory === undefined ? undefined : new TranspileCache(directory)
  }

  /** @throws SyntaxError with the place in its stack, or what CommonJS ended with that Node has run */
  transform(options: TransformOptions): TransformResult {
    const { source, filename = '', async = false } = options
    LOADED.publish(filename)
    this.#failures.rethrow(filename)
    const jsx = filename.endsWith('x') ? jsxOf(filename) : false
    const make = (): string => this.#make({ ...options, jsx }, filename)
    const name = [FORM, filename, async, filename === this.#main, ...(jsx ? [jsx.importSource] : [])].join('\n')
    const code = this.#cache ? this.#cache.get(name, source, make) : make()
    mapStacks(filename, code)
    return { code }
  }

  #make(options: TransformOptions, filename: string): string {
    const { source, async } = options
    const plugins = isTypeScript(filename) ? [propertyDecorators] : []
    const babel = { ...options.babel, plugins, sourceMaps: 'inline', sourceFileName: filename }
    const code = keepErrorFormat(() => this.#babel.transform({ ...options, babel }))
    if (code.startsWith(PARSE_ERROR)) throw syntaxError(filename, source, code.slice(PARSE_ERROR.length))
    const main = filename === this.#main ? BE_MAIN : ''
    const once = async && isEsModule(filename) ? RUN_ONCE : ''
    const last = code.includes('"__esModule"') ? '' : DEFAULT_EXPORT
    return `${code.replace(PROLOGUE, prologue => prologue + main + once)}\n${last}`
  }
}

function jsxOf(file: string) {
  return { runtime: 'automatic', importSource: jsxImportSource(file) ?? 'react' } as const
}

/** Whether jiti has let Node load it first: which may have run it by then, or have been given a path where it takes a URL. */
function isEsModule(file: string): boolean {
  return !isTypeScript(file) && moduleKind(file) === 'module'
}

/** @param json  what jiti leaves of a syntax error, in code that stands for the module's */
function syntaxError(file: string, source: string, json: string): SyntaxError {
  const { line, column, message }: { line: number; column: number; message: string } = JSON.parse(json)
  const what = message.split('\n')[0]?.trim() ?? ''
  const error = new SyntaxError(what)
  const text = source.split('\n')[line - 1] ?? ''
  error.stack = compileStack({ file, line, column: column + 1, text }, what)
  return error
}
