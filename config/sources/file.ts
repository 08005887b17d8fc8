import { existsSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorCode, toError, UnicornError } from '../../lib/errors.js'
import { bounded, confined } from '../../lib/sys/confinement.js'
import { packageFile } from '../../lib/sys/package.js'
import type { Environment } from '../define-config.js'
import type { Hooks } from '../hooks.js'
import { type Entries, sortEntries } from './entries.js'
import { currentEnvironment } from './env.js'
import { loadFresh, loadShared } from './module.js'

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json'] as const

/** The compiled files of this package, which are no place in the user's code. */
const OURS = fileURLToPath(packageFile('dist/'))

/** The path and line of a file, as stacks and jiti's syntax errors have them; not those of Node's own modules. */
const LOCATION = /(?<![\w./])(?:file:\/\/)?(\/[^\s:()]+):(\d+)/g

/** Returns the first of `unicorn.config.{ts,mts,js,mjs,cjs,json}` that exists in `directory`. */
export function findConfigFile(directory: string): string | undefined {
  return EXTENSIONS.map(extension => join(directory, `unicorn.config${extension}`)).find(file => existsSync(file))
}

/** Whether the name of a file is that of a config file of this server's, as far as its ending tells. */
export function isConfigFile(file: string): boolean {
  return EXTENSIONS.some(known => known === extname(file))
}

/**
 * Reads a config file, by its absolute path, and the modules that it imports, as they are on disk now.
 * @param env the argument of the function that a config file may export
 * @throws UnicornError with the file, and the line if it is known, if it is missing, broken, or holds unknown names
 */
export async function readConfigFile(file: string, env: Environment): Promise<Entries> {
  return read(file, env, { load: loadFresh, call: bounded, all: confined })
}

/**
 * Reads only the hooks, for a worker, which has its settings from the arbiter. To be called once in a process: the
 * modules that it loads stay loaded, and are shared with the application.
 */
export async function loadHooks(file: string, env = currentEnvironment()): Promise<Hooks> {
  return (await read(file, env, { load: loadShared, call: run => run(), all: run => run() })).hooks
}

/** How a file is loaded, how a function that it exports is called, and what surrounds all of that. */
interface Way {
  readonly load: (file: string) => Promise<unknown>
  readonly call: <T>(run: () => T) => T
  readonly all: <T>(run: () => Promise<T>) => Promise<T>
}

async function read(file: string, env: Environment, way: Way): Promise<Entries> {
  const where = `config file ${file}`
  checkReadable(file, where)
  const exported = await contents(file, env, way).catch(error => {
    const message = toError(error).message.split('\n')[0]?.trim()
    throw new UnicornError(`${where}: ${message}${faultLocation(error)}`, { found: message, where, error })
  })
  return sortEntries(exported, where)
}

function checkReadable(file: string, where: string): void {
  if (!isFile(file, where)) {
    throw new UnicornError(`${where}: found no such file`, { found: 'nothing', wanted: 'a file', where })
  }
  if (!isConfigFile(file)) {
    const extension = extname(file)
    const wanted = EXTENSIONS.join(', ')
    throw new UnicornError(`${where}: found "${extension}", wanted ${wanted}`, { found: extension, wanted, where })
  }
}

function isFile(file: string, where: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
  } catch (error) {
    throw new UnicornError(`${where} cannot be looked at (${errorCode(error) ?? error})`, { where, error })
  }
}

async function contents(file: string, env: Environment, way: Way): Promise<[string, unknown][]> {
  if (extname(file) === '.json') return entriesOf(JSON.parse(readFileSync(file, 'utf8')))
  return way.all(() => evaluate(file, env, way))
}

/** Reads named exports, as gunicorn.conf.py has, a default export (a promise or a function too), or both. */
async function evaluate(file: string, env: Environment, { load, call }: Way): Promise<[string, unknown][]> {
  const exported = await load(file)
  if (typeof exported === 'function') return entriesOf(await call(() => exported(env)))
  const named = entriesOf(exported).filter(([name]) => name !== 'default')
  if (!isObject(exported) || !Object.hasOwn(exported, 'default')) return named
  const main: unknown = await exported.default
  return [...named, ...entriesOf(typeof main === 'function' ? await call(() => main(env)) : main)]
}

function entriesOf(config: unknown): [string, unknown][] {
  if (isObject(config) && !Array.isArray(config)) return Object.entries(config)
  throw new Error(`found ${config === null ? 'null' : typeof config} as configuration, wanted an object`)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Returns the place in the user's code that an error is from, as ` (at /path/file.ts:3)`, or '' if it is unknown. */
function faultLocation(error: unknown): string {
  const { message, stack = '' } = toError(error)
  for (const [, file, line] of `${message}\n${stack}`.matchAll(LOCATION)) {
    if (file && !file.includes('/node_modules/') && !file.startsWith(OURS)) return ` (at ${file}:${line})`
  }
  return ''
}
