import { Module } from 'node:module'
import { couldNotCompile } from '../node-loader.js'

/** Of `node:module`, but in no types: compiles and runs a module of CommonJS. */
interface Compiler {
  _compile(this: unknown, source: string, file: string, ...rest: unknown[]): unknown
}

/**
 * Keeps what modules of CommonJS end with that Node runs: jiti takes such an end for a reason to make code of its own of the file, and
 * would run it a second time.
 */
export class CommonJsFailures {
  readonly #errors = new Map<string, unknown>()

  constructor() {
    if (isCompiler(Module.prototype)) this.#watch(Module.prototype)
  }

  /** @throws what `file` ended with, if it was run and did not come to its end */
  rethrow(file: string): void {
    if (this.#errors.has(file)) throw this.#errors.get(file)
  }

  #watch(modules: Compiler): void {
    const errors = this.#errors
    const compile = modules._compile
    modules._compile = function (source, file, ...rest) {
      try {
        return compile.call(this, source, file, ...rest)
      } catch (error) {
        if (!couldNotCompile(file, error)) errors.set(file, error)
        throw error
      }
    }
  }
}

function isCompiler(value: object): value is Compiler {
  return '_compile' in value
}
