import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExitCode, toError, UnicornError } from '../errors.js'
import { describe } from '../sys/describe.js'
import { hasStart, isNodeApp, isServerOf } from './frameworks.js'
import type { Exports } from './module/exports.js'
import { findModule } from './module/find-module.js'
import { importModule } from './module/import-module.js'
import { type AppSpec, parseSpec } from './module/spec.js'
import { noApplication, type Picked, pickByConvention, pickExport, pickShutdown } from './pick-export.js'
import type { Adoption } from './script/adoption.js'
import type { ServerApp } from './script/server-app.js'

/** How long a script that exports its application may take until it listens, in milliseconds; then it is taken for one that never will. */
const PATIENCE = 1000

/** The application as its module gave it. */
export interface LoadedApp {
  readonly value: unknown
  /** Absolute path of the module. */
  readonly file: string
  /** Dotted, `default` for the default export, `listen()` for a server that listens by itself. */
  readonly exportName: string
  /** As the user wrote it. */
  readonly spec: string
  /** What the module exports to be called at the end of a drain. */
  readonly shutdown?: (() => unknown) | undefined
}

/** What surrounds the loading of a module. */
export interface LoadContext {
  /** Where the module is looked for. */
  readonly directory: string
  /** Where scripts that listen by themselves are adopted. */
  readonly scripts?: ScriptContext
}

interface ScriptContext {
  readonly adoption: Adoption
  /** Waits for a promise; gives up, with undefined, when nothing is left in the process that could still fulfil it. */
  readonly unlessIdle: <Value>(promise: Promise<Value>) => Promise<Value | undefined>
}

/**
 * Loads `module:export` or `module:factory("literal", 1)`, or runs a script that listens by itself. A promise, exported or
 * returned, is awaited.
 * @throws UnicornError with exit code 4: module not found (files tried), export missing (exports, nearest name), error
 * thrown while loading (kept in its cause)
 */
export async function loadApp(spec: string, { directory, scripts }: LoadContext): Promise<LoadedApp> {
  const parsed = parseSpec(spec)
  const file = await findModule(parsed.module, resolve(directory))
  const isNamed = parsed.path.length > 0
  scripts?.adoption.begin(file, isNamed)
  const exports = await importModule(file, { main: !isNamed })
  const found = isNamed ? await namedExport(exports, parsed, file) : await ofScript(exports, file, scripts)
  if (isNamed) scripts?.adoption.settle(server => isServerOf(found.value, server))
  return { ...found, file, spec, shutdown: pickShutdown(exports) }
}

/**
 * What to say of an application that has been loading for too long.
 * @param directory  as for `loadApp`; the application may have left it by then
 */
export function stillLoading(spec: string, directory: string): () => Promise<string> {
  return async () => {
    const file = await findModule(parseSpec(spec).module, directory)
    return `${file} has not finished loading: something that it awaits at its top level, or a promise that it exports, never comes. Mend that, or allow more time`
  }
}

/** What to say of a script that has loaded, and may still listen, for too long. */
export function notListening(spec: string): string {
  return `${spec} exports no application, and no http.Server of it has called listen(): export the application, or have the script listen when it can serve`
}

type Found = Pick<LoadedApp, 'value' | 'exportName'>

async function namedExport(exports: Exports, { path, args }: AppSpec, file: string): Promise<Found> {
  const picked = pickExport(exports, path, file)
  if (args === undefined) return settle(picked, rejected, file)
  return settle({ ...picked, value: construct(picked, args, file) }, factoryFailed, file)
}

/** A server that listens is the application; the framework's application that it belongs to knows how it ends, too. */
async function ofScript(exports: Exports, file: string, scripts: ScriptContext | undefined): Promise<Found> {
  const picked = pickByConvention(exports)
  const exported = picked && (await settle(picked, rejected, file))
  const adopted = scripts && (await listening(scripts, exported))
  scripts?.adoption.settle()
  if (!adopted) {
    if (exported) return exported
    throw noApplication(exports, file)
  }
  if (typeof exported?.value === 'object' && isServerOf(exported.value, adopted.server)) return exported
  return { value: scripts.adoption.ownerOf(adopted.server), exportName: 'listen()' }
}

/**
 * The server that a script listens with, once it does. It may export its application and start it by itself all the same, after
 * it has waited for this and that; to start such a one twice breaks it.
 */
async function listening(scripts: ScriptContext, exported: Found | undefined): Promise<ServerApp | undefined> {
  const { adoption, unlessIdle } = scripts
  const isComplete = exported && (exported.exportName !== 'default' || !hasStart(exported.value))
  const limits = exported ? [isComplete ? turn() : sleep(PATIENCE, undefined, { ref: false })] : []
  // A script may listen, close, and listen again elsewhere, to find a free port say.
  do {
    const next = Promise.race([adoption.whenAdopted(), ...limits])
    if (!(await (isComplete ? next : unlessIdle(next)))) break
    await turn()
  } while (!adoption.adopted)
  return adoption.adopted
}

/** What the application does as soon as it listens is done after it. */
function turn(): Promise<undefined> {
  return new Promise(resolve => setImmediate(resolve, undefined))
}

/**
 * Awaits a promise. An application is none, though Fastify's can be awaited: it is made ready later, where its failure has a name, and hangs
 * if two await it at once.
 * @param what  says what a rejection means
 */
async function settle({ value, name }: Picked, what: (name: string) => string, file: string): Promise<Found> {
  if (isNodeApp(value)) return { value, exportName: name }
  try {
    return { value: await value, exportName: name }
  } catch (error) {
    throw failed(what(name), file, error)
  }
}

const rejected = (name: string): string => `the promise exported as "${name}" was rejected`
const factoryFailed = (name: string): string => `the factory "${name}" failed`

function construct({ value, owner, name }: Picked, args: readonly unknown[], file: string): unknown {
  if (typeof value !== 'function') {
    throw new UnicornError(
      `${file}: the export "${name}" cannot be called: it is ${describe(value)}, wanted a function that returns the application`,
      { found: describe(value), wanted: 'a function', where: file },
      ExitCode.appLoad,
    )
  }
  try {
    return Reflect.apply(value, owner, args)
  } catch (error) {
    throw failed(factoryFailed(name), file, error)
  }
}

function failed(what: string, file: string, error: unknown): UnicornError {
  return new UnicornError(`${file}: ${what}: ${toError(error).message}`, { where: file, error }, ExitCode.appLoad)
}
