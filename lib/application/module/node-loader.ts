import { channel } from 'node:diagnostics_channel'
import Module from 'node:module'
import { pathToFileURL } from 'node:url'
import { property } from '../../sys/objects.js'
import { compileFault } from './compile-fault.js'

/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>

const STARTED = channel('unicorn:loader')

let attempts = 0

export function importByNode(file: string): Promise<Exports> {
  return import(pathToFileURL(file).href)
}

/** Runs a CommonJS module: `main` as `node FILE` does, else as `require`. Returns the exports that `import` gives. */
export async function runByNode(file: string, main: boolean): Promise<Exports> {
  // Missing from the types: how Node starts a CommonJS script, which has no parent.
  const load = property(Module, '_load')
  if (typeof load === 'function') Reflect.apply(load, Module, [file, null, main])
  return importByNode(file)
}

/** Runs a CommonJS module as `runByNode` does, but returns undefined if it does not compile. */
export async function tryCommonJs(file: string, main: boolean): Promise<Exports | undefined> {
  try {
    return await runByNode(file, main)
  } catch (error) {
    if (couldNotCompile(file, error)) return undefined
    throw error
  }
}

/**
 * Imports a module. Node links ES modules as a whole before it runs the first of them, so a module of ours that is
 * imported ahead of all others reports the moment at which they begin to run.
 * @returns undefined if Node failed before it ran any code
 * @throws what the module, or one that it imports, threw
 */
export async function tryByNode(file: string): Promise<Exports | undefined> {
  const id = String(attempts++)
  let hasStarted = false
  const onStart = (started: unknown): void => {
    hasStarted ||= started === id
  }
  const herald = inline(
    `import { channel } from 'node:diagnostics_channel'; channel('unicorn:loader').publish('${id}')`,
  )
  const { href } = pathToFileURL(file)
  STARTED.subscribe(onStart)
  try {
    const both = inline(`import ${JSON.stringify(herald)}; export * as loaded from ${JSON.stringify(href)}`)
    const { loaded }: { loaded: Exports } = await import(both)
    return loaded
  } catch (error) {
    if (!hasStarted || couldNotCompile(file, error)) return undefined
    throw error
  } finally {
    STARTED.unsubscribe(onStart)
  }
}

/**
 * Reports whether `error` is a syntax error of `file` itself. Node compiles a CommonJS module only when its turn to run
 * has come, so such a file has not run.
 */
export function couldNotCompile(file: string, error: unknown): boolean {
  return error instanceof SyntaxError && compileFault(error.stack)?.file === file
}

function inline(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`
}
