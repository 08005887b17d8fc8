import { ExitCode, UnicornError } from '../errors.js'
import type { LoadedApp } from './app-loader.js'
import { markOf } from './mark.js'
import type { NodeHandler } from './node/types.js'
import type { Application } from './wsgi/types.js'

/** How an application is called: as `--interface` says, or as its export shows. */
export type InterfaceName = 'auto' | 'wsgi' | 'node' | 'fetch'

/** An application with the interface that it is called by. */
export type Callable =
  | { readonly interface: 'wsgi'; readonly application: Application; readonly guessed: boolean }
  | { readonly interface: 'node'; readonly handler: NodeHandler }

const ADVICE = "say which with --interface wsgi|node, or wrap it: import { node, wsgi } from 'unicorn'"

/**
 * Decides how the export is called: by its wrapper, by `name`, or under `auto` by what it is. Never by parameter names.
 * @throws UnicornError with exit code 4 where the export does not fit
 */
export function detect(app: LoadedApp, name: InterfaceName): Callable {
  const wanted = interfaceOf(app, name)
  if (wanted === 'fetch') throw misfit(app, 'the fetch interface is not supported yet', 'a wsgi or node application')
  if (wanted === 'node') return { interface: 'node', handler: asNodeHandler(app) }
  return { interface: 'wsgi', application: asApplication(app), guessed: name === 'auto' && !markOf(app.value) }
}

function interfaceOf(app: LoadedApp, name: InterfaceName): 'wsgi' | 'node' | 'fetch' {
  const marked = markOf(app.value)
  if (marked !== undefined && marked !== 'wsgi' && marked !== 'node' && marked !== 'fetch') {
    throw misfit(app, `it is wrapped as "${String(marked)}", which this version does not know`, ADVICE)
  }
  if (marked !== undefined && name !== 'auto' && name !== marked) {
    throw misfit(app, `it is wrapped as ${marked}, and --interface says ${name}`, `--interface ${marked} or auto`)
  }
  if (marked !== undefined) return marked
  return name === 'auto' ? guess(app) : name
}

function guess(app: LoadedApp): 'wsgi' | 'node' | 'fetch' {
  const { value } = app
  if (hasMethods(value, 'fetch')) return 'fetch'
  if (typeof value === 'function') return hasMethods(value, 'handle', 'use') ? 'node' : 'wsgi'
  if (isKoa(value)) return 'node'
  throw misfit(app, `it is ${describe(value)}`, `a function (environ, startResponse) or (req, res); ${ADVICE}`)
}

function asNodeHandler(app: LoadedApp): NodeHandler {
  const { value } = app
  if (isFunction(value)) return (req, res) => value(req, res)
  if (isKoa(value)) {
    const handler = value.callback()
    if (isFunction(handler)) return (req, res) => handler(req, res)
  }
  throw misfit(app, `it is ${describe(value)}`, 'a function (req, res), or an Express or Koa application')
}

function asApplication(app: LoadedApp): Application {
  const { value } = app
  if (isFunction(value) && !isClass(value)) return value
  throw misfit(app, `it is ${describe(value)}`, 'a function (environ, startResponse)')
}

/** Connect and Express make functions with methods; Koa an object that makes its handler. */
function isKoa(value: unknown): value is { callback(): unknown } {
  return typeof value === 'object' && hasMethods(value, 'callback', 'use')
}

function hasMethods(value: unknown, ...names: string[]): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return names.every(name => typeof Reflect.get(value, name) === 'function')
}

/** An untyped function of the user's: what it returns is checked at each call. */
function isFunction(value: unknown): value is (...args: unknown[]) => never {
  return typeof value === 'function'
}

function isClass(value: object): boolean {
  return Function.prototype.toString.call(value).startsWith('class')
}

/** What a value is, in a few words, for an error message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'function') return isClass(value) ? `the class ${value.name}` : `a function ${value.name}`.trim()
  if (typeof value !== 'object') return `a ${typeof value}`
  const name: unknown = Reflect.get(value, 'constructor')
  return `an object of class ${typeof name === 'function' ? name.name : 'none'}`
}

function misfit(app: LoadedApp, found: string, wanted: string): UnicornError {
  const message = `${app.spec}: the export "${app.exportName}" of ${app.file} cannot be served: ${found}; wanted ${wanted}`
  return new UnicornError(message, { found, wanted, where: app.file }, ExitCode.appLoad)
}
