import { existsSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { toError, UnicornError } from '../../lib/errors.js'
import type { Environment } from '../define-config.js'
import type { Hooks } from '../hooks.js'
import { type Entries, sortEntries } from './entries.js'
import { currentEnvironment } from './env.js'
import { loadFresh, loadShared } from './module.js'

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json'] as const

/** The path and line of a file, as stacks and jiti's syntax errors have them. */
const LOCATION = /(?:file:\/\/)?(\/[^\s:()]+):(\d+)/g

/** Returns the first of `unicorn.config.{ts,mts,js,mjs,cjs,json}` that exists in `directory`. */
export function findConfigFile(directory: string): string | undefined {
  return EXTENSIONS.map(extension => join(directory, `unicorn.config${extension}`)).find(file => existsSync(file))
}

/**
 * Reads a config file, by its absolute path, and the modules that it imports, as they are on disk now.
 * @param env the argument of the function that a config file may export
 * @throws UnicornError with the file, and the line if it is known, if it is missing, broken, or holds unknown names
 */
export async function readConfigFile(file: string, env: Environment): Promise<Entries> {
  return read(file, env, loadFresh)
}

/**
 * Reads only the hooks, for a worker, which has its settings from the arbiter. To be called once in a process: the
 * modules that it loads stay loaded, and are shared with the application.
 */
export async function loadHooks(file: string, env = currentEnvironment()): Promise<Hooks> {
  return (await read(file, env, loadShared)).hooks
}

type Load = (file: string) => Promise<unknown>

async function read(file: string, env: Environment, load: Load): Promise<Entries> {
  const where = `config file ${file}`
  checkReadable(file, where)
  const exported = await evaluate(file, env, load).catch(error => {
    const message = toError(error).message.split('\n')[0]?.trim()
    throw new UnicornError(`${where}: ${message}${faultLocation(error)}`, { found: message, where, error })
  })
  return sortEntries(exported, where)
}

function checkReadable(file: string, where: string): void {
  const extension = extname(file)
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new UnicornError(`${where}: found no such file`, { found: 'nothing', wanted: 'a file', where })
  }
  if (!EXTENSIONS.some(known => known === extension)) {
    const wanted = EXTENSIONS.join(', ')
    throw new UnicornError(`${where}: found "${extension}", wanted ${wanted}`, { found: extension, wanted, where })
  }
}

/** Reads named exports, as gunicorn.conf.py has, a default export (a promise or a function too), or both. */
async function evaluate(file: string, env: Environment, load: Load): Promise<[string, unknown][]> {
  if (extname(file) === '.json') return entriesOf(JSON.parse(readFileSync(file, 'utf8')))
  const exported = await load(file)
  if (typeof exported === 'function') return entriesOf(await exported(env))
  const named = entriesOf(exported).filter(([name]) => name !== 'default')
  if (!isObject(exported) || !Object.hasOwn(exported, 'default')) return named
  const main: unknown = await exported.default
  return [...named, ...entriesOf(typeof main === 'function' ? await main(env) : main)]
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
    if (file && !file.includes('/node_modules/')) return ` (at ${file}:${line})`
  }
  return ''
}
