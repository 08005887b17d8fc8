import { INTERFACES, type Interface } from '../../config/interfaces.js'
import { ExitCode, UnicornError } from '../errors.js'
import type { FetchApplication } from '../gateway/fetch/types.js'
import type { Application } from '../gateway/wsgi/types.js'
import { describe, isClass } from '../sys/describe.js'
import { hasMethods } from '../sys/objects.js'
import { isNodeApp, type LoadedApp, type NodeApp, prepare } from './frameworks.js'
import { markOf } from './mark.js'

/** An application and the interface by which it is called. */
export type Callable =
  | { readonly interface: 'wsgi'; readonly application: Application; readonly guessed: boolean }
  | ({ readonly interface: 'node' } & NodeApp)
  | { readonly interface: 'fetch'; readonly application: FetchApplication }

const ADVICE = `say which with --interface ${INTERFACES.join('|')}, or wrap it: import { node, fetch, wsgi } from 'unicorn'`

const WANTED: Readonly<Record<Interface, string>> = {
  wsgi: 'a function (environ, startResponse)',
  node: 'a function (req, res), an http.Server, or an application of a framework',
  fetch: 'a function (request), or an object with a method fetch(request)',
}

/**
 * Decides how the export is called: by its wrapper, by `name`, or with `auto` by what it is, but never by the names of
 * its parameters. Makes a framework's application ready.
 * @param name  the setting `interface`
 * @throws UnicornError with exit code 4 if the export does not fit, or does not become ready
 */
export async function detect(app: LoadedApp, name: 'auto' | Interface): Promise<Callable> {
  const { value } = app
  const wanted = interfaceOf(app, name)
  if (isRouter(value)) throw misfit(app, 'it is a router of Express', 'an application that uses it: app.use(router)')
  if (wanted === 'node') {
    const found = await prepare(app)
    if (found) return { interface: wanted, ...found }
  } else if (wanted === 'fetch' && hasFetch(value)) {
    return { interface: wanted, application: value }
  } else if (isFunction(value) && !isClass(value)) {
    if (wanted === 'wsgi') return { interface: wanted, application: value, guessed: name === 'auto' && !markOf(value) }
    return { interface: wanted, application: { fetch: (request, ...more) => value(request, ...more) } }
  }
  throw misfit(app, `it is ${describe(value)}`, WANTED[wanted])
}

function interfaceOf(app: LoadedApp, name: 'auto' | Interface): Interface {
  const mark = markOf(app.value)
  const marked = INTERFACES.find(known => known === mark)
  if (mark !== marked) throw misfit(app, `it is wrapped as "${String(mark)}", which this version does not know`, ADVICE)
  if (marked !== undefined && name !== 'auto' && name !== marked) {
    throw misfit(app, `it is wrapped as ${marked}, and --interface says ${name}`, `--interface ${marked} or auto`)
  }
  if (marked !== undefined) return marked
  return name === 'auto' ? guess(app) : name
}

function guess(app: LoadedApp): Interface {
  const { value } = app
  if (hasFetch(value)) return 'fetch'
  if (isNodeApp(value)) return 'node'
  if (typeof value === 'function') return 'wsgi'
  throw misfit(app, `it is ${describe(value)}`, `a function (environ, startResponse) or (req, res); ${ADVICE}`)
}

/** It needs what an application adds to requests and responses, and its `next`: each request would fail. */
function isRouter(value: unknown): boolean {
  return hasMethods(value, 'handle', 'use', 'route', 'param') && !hasMethods(value, 'listen')
}

function hasFetch(value: unknown): value is FetchApplication {
  return hasMethods(value, 'fetch')
}

/** Takes any function of the user's for one of the interface: what it returns is checked at each call. */
function isFunction(value: unknown): value is (...args: unknown[]) => never {
  return typeof value === 'function'
}

function misfit(app: LoadedApp, found: string, wanted: string): UnicornError {
  const message = `${app.spec}: the export "${app.exportName}" of ${app.file} cannot be served: ${found}; wanted ${wanted}`
  return new UnicornError(message, { found, wanted, where: app.file }, ExitCode.appLoad)
}
