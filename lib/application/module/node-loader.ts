import { channel } from 'node:diagnostics_channel'
import Module from 'node:module'
import { pathToFileURL } from 'node:url'
import { compileFault } from './compile-fault.js'
import type { Exports } from './exports.js'

/** What came of an attempt to load a module. */
export type Attempt =
  | { readonly exports: Exports }
  /** `hasRun`: the module, or one that it imports, may have run some of its code. */
  | { readonly error: unknown; readonly hasRun: boolean }

/** Missing from the types of `node:module`: how Node starts a CommonJS script. */
interface ScriptLoader {
  _load(file: string, parent: null, isMain: boolean): unknown
}

const STARTED = channel('unicorn:loader')

let attempts = 0

export function importByNode(file: string): Promise<Exports> {
  return import(pathToFileURL(file).href)
}

/**
 * Runs a CommonJS module as `node FILE` or as `require` does.
 * @param main whether `require.main` and `process.mainModule` are its module
 * @returns the exports that `import` gives for the same module
 */
export async function runByNode(file: string, main: boolean): Promise<Exports> {
  if (isScriptLoader(Module)) Module._load(file, null, main)
  return importByNode(file)
}

/** As `runByNode`, but returns what failed. */
export function tryCommonJs(file: string, main: boolean): Promise<Attempt> {
  return attempt(file, runByNode(file, main), () => true)
}

/**
 * Imports a module. Node links ES modules as a whole before it runs the first of them, so a module of ours that is imported
 * ahead of all others reports the moment at which they begin to run.
 */
export async function tryByNode(file: string): Promise<Attempt> {
  const id = String(attempts++)
  let hasStarted = false
  const onStart = (started: unknown): void => {
    hasStarted ||= started === id
  }
  const herald = inline(
    `import { channel } from 'node:diagnostics_channel'; channel('unicorn:loader').publish('${id}')`,
  )
  const both = `import ${JSON.stringify(herald)}; export * as loaded from ${JSON.stringify(pathToFileURL(file).href)}`
  STARTED.subscribe(onStart)
  try {
    const exports = import(inline(both)).then(({ loaded }: { loaded: Exports }) => loaded)
    return await attempt(file, exports, () => hasStarted)
  } finally {
    STARTED.unsubscribe(onStart)
  }
}

async function attempt(file: string, exports: Promise<Exports>, hasStarted: () => boolean): Promise<Attempt> {
  try {
    return { exports: await exports }
  } catch (error) {
    return { error, hasRun: hasStarted() && !couldNotCompile(file, error) }
  }
}

/**
 * Reports whether `error` is a syntax error of `file` itself, which then has not run. Node compiles a CommonJS module only
 * when its turn to run has come.
 */
export function couldNotCompile(file: string, error: unknown): boolean {
  return error instanceof SyntaxError && compileFault(error.stack)?.file === file
}

function inline(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`
}

function isScriptLoader(module: object): module is ScriptLoader {
  return '_load' in module
}
