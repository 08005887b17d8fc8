import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExitCode, toError, UnicornError } from '../errors.js'
import type { Adoption } from './adoption.js'
import { describe } from './detect.js'
import { hasStart, isNodeApp, isServerOf } from './frameworks.js'
import { findModule } from './loader/find-module.js'
import { type Exports, importModule } from './loader/import-module.js'
import { noApplication, type Picked, pickByConvention, pickExport, pickShutdown } from './loader/pick-export.js'
import { type AppSpec, parseSpec } from './loader/spec.js'
import type { ServerApp } from './node/server-app.js'

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
  const exports = await importModule(file)
  const found = isNamed ? await namedExport(exports, parsed, file) : await ofScript(exports, file, scripts)
  if (isNamed) scripts?.adoption.settle(server => isServerOf(found.value, server))
  return { ...found, file, spec, shutdown: pickShutdown(exports) }
}

type Found = Pick<LoadedApp, 'value' | 'exportName'>

async function namedExport(exports: Exports, { path, args }: AppSpec, file: string): Promise<Found> {
  const picked = pickExport(exports, path, file)
  if (args === undefined) return settle(picked, file)
  return { value: await construct(picked, args, file), exportName: picked.name }
}

/** A server that listens is the application; the framework's application that it belongs to knows how it ends, too. */
async function ofScript(exports: Exports, file: string, scripts: ScriptContext | undefined): Promise<Found> {
  const picked = pickByConvention(exports)
  const exported = picked && (await settle(picked, file))
  const adopted = scripts && (await listening(scripts, exported))
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
async function listening(
  { adoption, unlessIdle }: ScriptContext,
  exported: Found | undefined,
): Promise<ServerApp | undefined> {
  const isComplete = exported && (exported.exportName !== 'default' || !hasStart(exported.value))
  if (adoption.adopted || isComplete) return adoption.adopted
  const limits = exported ? [sleep(PATIENCE, undefined, { ref: false })] : []
  return unlessIdle(Promise.race([adoption.whenAdopted, ...limits]))
}

async function settle({ value, name }: Picked, file: string): Promise<Found> {
  // Fastify's can be awaited, but hangs if two do so at once, and the module may be about to.
  if (isNodeApp(value)) return { value, exportName: name }
  try {
    return { value: await value, exportName: name }
  } catch (error) {
    throw failed(`the promise exported as "${name}" was rejected`, file, error)
  }
}

async function construct({ value, owner, name }: Picked, args: readonly unknown[], file: string): Promise<unknown> {
  if (typeof value !== 'function') {
    throw new UnicornError(
      `${file}: the export "${name}" cannot be called: it is ${describe(value)}, wanted a function that returns the application`,
      { found: describe(value), wanted: 'a function', where: file },
      ExitCode.appLoad,
    )
  }
  try {
    return await Reflect.apply(value, owner, args)
  } catch (error) {
    throw failed(`the factory "${name}" failed`, file, error)
  }
}

function failed(what: string, file: string, error: unknown): UnicornError {
  return new UnicornError(`${file}: ${what}: ${toError(error).message}`, { where: file, error }, ExitCode.appLoad)
}
