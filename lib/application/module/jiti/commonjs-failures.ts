import { Module } from 'node:module'
import { couldNotCompile } from '../node-loader.js'

/** Missing from the types of `node:module`: compiles and runs a CommonJS module. */
interface Compiler {
  _compile(this: unknown, source: string, file: string, ...rest: unknown[]): unknown
}

/** Records what CommonJS modules throw, by file: jiti would transpile such a file and run it a second time. */
export function recordFailures(): ReadonlyMap<string, unknown> {
  const failures = new Map<string, unknown>()
  const modules: object = Module.prototype
  if (!isCompiler(modules)) return failures
  const compile = modules._compile
  modules._compile = function (source, file, ...rest) {
    try {
      return compile.call(this, source, file, ...rest)
    } catch (error) {
      if (!couldNotCompile(file, error)) failures.set(file, error)
      throw error
    }
  }
  return failures
}

function isCompiler(value: object): value is Compiler {
  return '_compile' in value
}
