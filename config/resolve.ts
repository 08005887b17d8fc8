import { resolve } from 'node:path'
import { UnicornError } from '../lib/errors.js'
import { adviceOn } from './advice.js'
import { checkTogether } from './check-together.js'
import type { Environment } from './define-config.js'
import { draftOf } from './draft.js'
import { cfgOf } from './gunicorn/cfg.js'
import { translate } from './gunicorn/translate.js'
import type { Hooks } from './hooks.js'
import type { Draft, GunicornFile, Interpreter, PythonProjects } from './interpreter.js'
import { paths } from './parsers.js'
import type { Known } from './setting.js'
import { type Config, type Given, type Layer, type SettingName, settingNames } from './settings.js'
import { type GivenSettings, readCommandLine } from './sources/cli.js'
import { type ConfigPlace, configPlace } from './sources/config-place.js'
import { readEnvironment } from './sources/env.js'
import { readEnvFiles, type Variables } from './sources/env-file.js'
import { readConfigFile } from './sources/file.js'
import { splitWords } from './sources/words.js'
import { anchor, orFault, parse, resolvedValue } from './values.js'
import { checkLanguage, threadsOf } from './worker-class.js'

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
  /** The config file in Python. */
  readonly gunicorn?: GunicornFile | undefined
  /** What is valid, but most likely not meant, in sentences for the log. */
  readonly advice: readonly string[]
  /** What was found out by itself, in sentences for the log. */
  readonly notes: readonly string[]
}

/**
 * Reads all sources; default < environment < config file < GUNICORN_CMD_ARGS < UNICORN_CMD_ARGS < command line. Each
 * call reads the config file and its imports again, so a reload is a second call.
 * @param line the settings of `argv`, if they were read already
 * @param projects if absent, the application is not in Python
 * @throws UnicornError that names the setting and the origin of a value that cannot be used
 */
export async function resolveConfig(
  { argv, env, cwd }: Sources,
  line = readSettings(argv, 'command line'),
  projects?: PythonProjects,
): Promise<Resolved> {
  const lines = [settingsIn(env, 'GUNICORN_CMD_ARGS'), settingsIn(env, 'UNICORN_CMD_ARGS'), line]
  const words: Layer = new Map(lines.flatMap(({ given }) => [...given]))
  const contents = await readContents(words, { env, cwd }, projects)
  const stated = new Map([...contents.settings, ...words])
  const variables = fileVariables(stated.get('envFile'), cwd)
  const given = new Map([...readEnvironment(variables, 'env file'), ...readEnvironment(env), ...stated])
  const notes = nameApp(given, cwd, projects)
  const draft = draftOf(given, { cwd, variables })
  const python = projects?.isPython(draft) ? await projects.findInterpreter(draft) : undefined
  const { file, gunicorn } = contents
  const files = { config: file ?? gunicorn?.location, envFile: envFilesOf(given.get('envFile'), cwd) }
  const threads = threadsOf(given.get('workerClass')?.value)
  if (threads !== undefined && !given.has('threads')) given.set('threads', { value: threads, origin: 'gthread' })
  const config = parseAll(given, { cwd, app: applicationOf(given) }, files)
  checkTogether(config)
  checkLanguage(config.workerClass, python !== undefined)
  const advice = [...adviceOn(given), ...[...lines, contents].flatMap(each => each.advice)]
  const hooks = gunicorn ? gunicorn.runner.hooks(cfgOf(config, gunicorn), config.rawEnv) : contents.hooks
  return { config, hooks, file, cwd, variables, origins: originsOf(given), python, gunicorn, advice, notes }
}

/** What the config file has, if there is one: this server's own, or one in Python. */
interface Contents extends Pick<Resolved, 'hooks' | 'file' | 'gunicorn' | 'advice'> {
  readonly settings: Layer
}

async function readContents(
  words: Layer,
  { env, cwd }: Pick<Sources, 'env' | 'cwd'>,
  projects?: PythonProjects,
): Promise<Contents> {
  const place = configPlace(words.get('config'), cwd)
  const { file, unread } = place
  const variables = fileVariables(words.get('envFile'), cwd)
  const gunicorn = await gunicornFile(place, () => draftOf(words, { cwd, variables }), projects)
  if (gunicorn || file === undefined) {
    const { settings, advice } = translate(gunicorn?.values ?? {}, `config file ${gunicorn?.location}`)
    return { settings, hooks: {}, file: undefined, gunicorn, advice }
  }
  const { settings, hooks } = await readConfigFile(file, { ...variables, ...env })
  const given = [...settings].map(([name, value]) => [name, { value, origin: `config file ${file}` }] as const)
  const advice = unread === undefined ? [] : [`${unread} is not read, since ${file} is`]
  return { settings: new Map(given), hooks, file, advice }
}

/** A file that was not named, or may be either, counts if the application is in Python, as far as that is known. */
async function gunicornFile(
  { gunicorn, file, isFound }: ConfigPlace,
  draft: () => Draft,
  projects?: PythonProjects,
): Promise<GunicornFile | undefined> {
  if (gunicorn === undefined) return undefined
  const isCertain = !isFound && file === undefined
  if (!projects) {
    if (!isCertain) return undefined
    throw new UnicornError(`config file ${gunicorn}: it is in Python, but not the application`, { where: gunicorn })
  }
  const early = draft()
  if (!isCertain && early.app !== undefined && !projects.isPython(early)) return undefined
  return projects.readConfig(gunicorn, early)
}

function settingsIn(env: Environment, name: string): GivenSettings {
  return env[name] ? readSettings(splitWords(env[name], name), name) : { given: new Map(), advice: [] }
}

function readSettings(argv: readonly string[], source: string): GivenSettings {
  const line = readCommandLine(argv, source)
  if (line.kind === 'settings') return line
  throw new UnicornError(`${source}: found --help or --version, wanted settings`, { where: source })
}

/** Looks for the application if none is named. @returns a sentence about it, if one was found */
function nameApp(given: Map<SettingName, Given>, cwd: string, projects?: PythonProjects): string[] {
  if (given.has('app')) return []
  const value = projects?.findApp(draftOf(given, { cwd, variables: {} }).chdir)
  if (value === undefined) return []
  given.set('app', { value, origin: 'found beside manage.py' })
  return [`Application: ${value}, found beside manage.py`]
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

function originsOf(given: Layer): Record<SettingName, string> {
  const origins = settingNames.map(name => [name, given.get(name)?.origin ?? 'default'] as const)
  return Object.fromEntries(origins) as Record<SettingName, string> // all names are there
}
