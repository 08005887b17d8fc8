import { channel } from 'node:diagnostics_channel'
import Module from 'node:module'
import { pathToFileURL } from 'node:url'
import { compileFault } from './compile-fault.js'
import type { Exports } from './import-module.js'

/** What became of a module that Node was to load. `hasRun`: some code of it, or of what it imports, may have. */
export type Attempt = { readonly exports: Exports } | { readonly error: unknown; readonly hasRun: boolean }

/** Of `node:module`, but in no types: the way by which Node starts a script of CommonJS. */
interface ScriptLoader {
  _load(file: string, parent: null, isMain: boolean): unknown
}

const STARTED = channel('unicorn:loader')

let attempts = 0

export function importByNode(file: string): Promise<Exports> {
  return import(pathToFileURL(file).href)
}

/**
 * Imports a module, and tells where that fails whether anything of it has run. ES modules are linked as a whole before the first of
 * them runs: a module that is imported ahead of all others gives word of that moment.
 */
export async function tryByNode(file: string): Promise<Attempt> {
  const id = String(attempts++)
  let hasRun = false
  const onStart = (started: unknown): void => {
    hasRun ||= started === id
  }
  const herald = inline(
    `import { channel } from 'node:diagnostics_channel'; channel('unicorn:loader').publish('${id}')`,
  )
  const { href } = pathToFileURL(file)
  STARTED.subscribe(onStart)
  try {
    const both = inline(`import ${JSON.stringify(herald)}; export * as loaded from ${JSON.stringify(href)}`)
    const { loaded }: { loaded: Exports } = await import(both)
    return { exports: loaded }
  } catch (error) {
    return { error, hasRun: hasRun && !couldNotCompile(file, error) }
  } finally {
    STARTED.unsubscribe(onStart)
  }
}

/**
 * Runs CommonJS as `node FILE` does, or `require`.
 * @param main  whether `require.main` and `process.mainModule` are to be its module
 * @returns the exports that `import` gives, of the same module
 */
export async function runByNode(file: string, main: boolean): Promise<Attempt> {
  try {
    if (isScriptLoader(Module)) Module._load(file, null, main)
    return { exports: await importByNode(file) }
  } catch (error) {
    return { error, hasRun: !couldNotCompile(file, error) }
  }
}

/** Whether it is the error of this file, which has not run then: CommonJS is compiled when its turn to run has come. */
export function couldNotCompile(file: string, error: unknown): boolean {
  return error instanceof SyntaxError && compileFault(error.stack)?.file === file
}

function inline(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`
}

function isScriptLoader(module: object): module is ScriptLoader {
  return '_load' in module
}
