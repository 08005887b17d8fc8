import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { errorCode, toError, UnicornError } from '../lib/errors.js'
import { adviceOn } from './advice.js'
import { checkTogether } from './check-together.js'
import type { Environment } from './define-config.js'
import type { Hooks } from './hooks.js'
import type { Interpreter } from './interpreter.js'
import { paths } from './parsers.js'
import { isAbsent, isDerived, type Known } from './setting.js'
import { type Config, type Given, type Layer, rows, type SettingName, settingNames } from './settings.js'
import { readCommandLine } from './sources/cli.js'
import { readEnvironment } from './sources/env.js'
import { readEnvFiles, type Variables } from './sources/env-file.js'
import { findConfigFile, readConfigFile } from './sources/file.js'
import { splitWords } from './sources/words.js'

/** Where settings come from. */
export interface Sources {
  /** The arguments after the script's name. */
  readonly argv: readonly string[]
  readonly env: Environment
  /** The directory that `unicorn` was started in, by the name that `workingDirectory` gives. */
  readonly cwd: string
}

/** All settings with their origins, and the config file's functions. */
export interface Resolved {
  readonly config: Config
  readonly hooks: Hooks
  /** The config file, absolute. */
  readonly file: string | undefined
  /** The directory that `unicorn` was started in. */
  readonly cwd: string
  /** The variables of `envFile`. The environment that `unicorn` was started with is stronger. */
  readonly variables: Variables
  /** `default`, `environment WEB_CONCURRENCY`, `config file /path`, `UNICORN_CMD_ARGS`, `command line --workers`. */
  readonly origins: Readonly<Record<SettingName, string>>
  /** What runs the application, if that is in Python. */
  readonly python?: Interpreter | undefined
  /** What is valid, but most likely not meant, in sentences for the log. */
  readonly advice: readonly string[]
}

/**
 * Reads all sources; default < environment < config file < UNICORN_CMD_ARGS < command line. Each call reads the config
 * file and its imports again, so a reload is a second call.
 * @param line the settings of `argv`, if they were read already
 * @throws UnicornError that names the setting and the origin of a value that cannot be used
 */
export async function resolveConfig(
  { argv, env, cwd }: Sources,
  line = readSettings(argv, 'command line'),
): Promise<Resolved> {
  const words: Layer = env.UNICORN_CMD_ARGS
    ? readSettings(splitWords(env.UNICORN_CMD_ARGS, 'UNICORN_CMD_ARGS'), 'UNICORN_CMD_ARGS')
    : new Map()
  const file = configFile(line.get('config') ?? words.get('config'), cwd)
  const early = fileVariables(line.get('envFile') ?? words.get('envFile'), cwd)
  const { settings, hooks } = file ? await readConfigFile(file, { ...early, ...env }) : { settings: [], hooks: {} }
  const fromFile = [...settings].map(([name, value]) => [name, { value, origin: `config file ${file}` }] as const)
  const stated = new Map([...fromFile, ...words, ...line])
  const variables = fileVariables(stated.get('envFile'), cwd)
  const given = new Map([...readEnvironment(variables, 'env file'), ...readEnvironment(env), ...stated])
  const known = { cwd, app: applicationOf(given) }
  const config = parseAll(given, known, { config: file, envFile: envFilesOf(given.get('envFile'), cwd) })
  checkTogether(config)
  return { config, hooks, file, cwd, variables, origins: originsOf(given), advice: adviceOn(given) }
}

function readSettings(argv: readonly string[], source: string): Layer {
  const line = readCommandLine(argv, source)
  if (line.kind === 'settings') return line.given
  throw new UnicornError(`${source}: found --help or --version, wanted settings`, { where: source })
}

function configFile(given: Given | undefined, cwd: string): string | undefined {
  return given ? resolve(cwd, String(parse('config', given))) : findConfigFile(cwd)
}

/** The files of `envFile`, absolute. Node looks for those of its `--env-file` there too. */
function envFilesOf(given: Given | undefined, cwd: string): readonly string[] {
  return given ? orFault('envFile', given, () => paths.parse(given.value).map(file => resolve(cwd, file))) : []
}

function fileVariables(given: Given | undefined, cwd: string): Variables {
  return orFault('envFile', given, () => readEnvFiles(envFilesOf(given, cwd)))
}

function applicationOf(given: Layer): string {
  const app = given.get('app')
  if (app) return String(parse('app', app))
  const example = given.has('args') ? 'unicorn app:application -- ARGS' : 'unicorn app:application'
  const wanted = `MODULE:EXPORT, as in: ${example}`
  throw new UnicornError(`no application given, wanted ${wanted}`, { found: 'nothing', wanted, where: 'command line' })
}

function parseAll(given: Layer, known: Known, files: Partial<Record<SettingName, unknown>>): Config {
  const early: Partial<Record<SettingName, unknown>> = { app: known.app, ...files }
  const parsed = settingNames.map(
    name => [name, name in early ? early[name] : resolvedValue(name, given.get(name), known)] as const,
  )
  const values = new Map(parsed)
  const chdir = resolve(known.cwd, String(values.get('chdir')))
  checkDirectory(chdir, given.get('chdir'))
  for (const [name, value] of parsed) {
    values.set(
      name,
      orFault(name, given.get(name), () => anchor(name, value, chdir)),
    )
  }
  values.set('chdir', chdir)
  // The table's parsers made these values, and each name of the table has one: `Config` derives from the same table.
  const present = [...values].filter(([, value]) => value !== undefined)
  return Object.freeze(Object.fromEntries(present)) as Config
}

function resolvedValue(name: SettingName, given: Given | undefined, known: Known): unknown {
  if (given) return parse(name, given)
  const { parser, default: standard } = rows[name]
  if (isAbsent(standard)) return undefined
  return parser.parse(isDerived(standard) ? standard.from(known) : standard)
}

function anchor(name: SettingName, value: unknown, directory: string): unknown {
  const { parser } = rows[name]
  return value !== undefined && parser.anchor ? parser.anchor(value, directory) : value
}

function parse(name: SettingName, given: Given): unknown {
  return orFault(name, given, () => rows[name].parser.parse(given.value))
}

/** Adds the name of the setting, and the origin of the value, to a parser's error. */
function orFault<Value>(name: SettingName, given: Given | undefined, action: () => Value): Value {
  try {
    return action()
  } catch (error) {
    const where = given?.origin ?? 'default'
    const { message } = toError(error)
    const fault = { found: given?.value, wanted: rows[name].parser.wanted, where, error }
    throw new UnicornError(`${name}: ${message} (${where})`, fault)
  }
}

/** Does not resolve symbolic links in the path: each fork of a worker follows them again. */
function checkDirectory(path: string, given: Given | undefined): void {
  const where = given?.origin ?? 'default'
  const refused = (found: string, error?: unknown): UnicornError =>
    new UnicornError(`chdir: found ${path}, ${found} (${where})`, { found: path, where, error })
  let isDirectory: boolean | undefined
  try {
    isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory()
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') throw refused('which is no directory, wanted one', error)
    throw refused(`which cannot be looked at (${errorCode(error) ?? error}), wanted a directory that can`, error)
  }
  if (!isDirectory) throw refused('which is no directory, wanted one')
}

function originsOf(given: Layer): Record<SettingName, string> {
  const origins = settingNames.map(name => [name, given.get(name)?.origin ?? 'default'] as const)
  return Object.fromEntries(origins) as Record<SettingName, string> // all names are there
}
