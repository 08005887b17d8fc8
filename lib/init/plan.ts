import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { SettingName } from '../../config/settings.js'
import { findConfigFile } from '../../config/sources/file.js'
import { isDevelopedInPython, isPython } from '../application/python/recognise.js'
import { configFile, configText, type Entry, entriesOf, exampleEntries, workersEntry } from './config-text.js'
import { findStart } from './find-start.js'
import type { InitOptions } from './options.js'
import { planFromPm2 } from './plan-from.js'
import { configFormat, isFile, type Language, type Project, projectIn, type Start } from './project.js'
import type { Plan, Served } from './served.js'

const GUNICORN_FILE = 'gunicorn.conf.py'
const TRY = 'Next: unicorn --check-config, then unicorn'

/** @throws UnicornError if nothing says what the application is */
export async function planOf(options: InitOptions, cwd: string): Promise<Plan> {
  const project = projectIn(cwd, options.name)
  if (options.from !== undefined) return planFrom(options.from, options, project)
  const known = findConfigFile(cwd)
  if (known !== undefined && options.extras.length > 0) return planBeside(project, basename(known))
  // It is not overwritten, whatever would be in it.
  if (known !== undefined && !options.stdout)
    return { configs: [{ path: basename(known), text: '' }], servers: [], remarks: [] }
  const start = findStart(project, options.app)
  const language = languageOf(project, start)
  const remarks = [`Application: ${start.settings.app} (${start.why})`]
  if (language === 'python' && known === undefined && isFile(cwd, GUNICORN_FILE)) return planOfGunicorn(project, start)
  const format = configFormat(project)
  const entries = entriesFor(start, language)
  const path = configFile(format)
  const bind = start.settings.bind === undefined ? undefined : String([start.settings.bind].flat()[0])
  return {
    configs: [{ path, text: configText(entries, format) }],
    servers: [{ ...servedOf(project), config: path, bind, language }],
    remarks: [...remarks, ...remarksOn(cwd), TRY],
  }
}

/** The config file is there, and is not what was asked for. */
function planBeside(project: Project, config: string): Plan {
  const text = readFileSync(join(project.directory, config), 'utf8')
  const app = valueIn(text, 'app')
  const language = languageOf(project, { settings: app === undefined ? {} : { app } })
  return {
    configs: [],
    servers: [{ ...servedOf(project), config, bind: valueIn(text, 'bind'), language }],
    remarks: [],
  }
}

/** Gunicorn's own file is read as it is, as long as there is no other one. */
function planOfGunicorn(project: Project, { settings: { app }, why }: Start): Plan {
  const bind = valueIn(readFileSync(join(project.directory, GUNICORN_FILE), 'utf8'), 'bind')
  const server: Served = { ...servedOf(project), config: GUNICORN_FILE, bind, language: 'python', app }
  const remark = `${GUNICORN_FILE} is read as it is: no other config file is needed, and none was written`
  return { configs: [], servers: [server], remarks: [remark, `Next: unicorn --check-config ${app} (${why})`] }
}

function entriesFor({ settings, why, notes = [] }: Start, language: Language): Entry[] {
  const entries = entriesOf(settings, { app: [`The application (${why}).`, ...notes] })
  const all = settings.workers === undefined ? [...entries, workersEntry] : entries
  return [...all, ...exampleEntries(all, language === 'python')]
}

function servedOf({ name, directory, manifest }: Project): Pick<Served, 'name' | 'directory' | 'manifest'> {
  return { name, directory, manifest }
}

function languageOf(project: Project, { settings }: Pick<Start, 'settings'>): Language {
  const { app, chdir = '', pythonpath = [] } = settings
  const directory = join(project.directory, String(chdir))
  // Of a file whose text does not tell: by what else is there.
  if (app === undefined) return isDevelopedInPython(directory) ? 'python' : 'node'
  const draft = {
    app,
    chdir: directory,
    cwd: directory,
    pythonpath: [pythonpath].flat().map(each => join(directory, each)),
    rawEnv: {},
    variables: {},
    python: undefined,
  }
  return isPython({ ...draft, interface: 'auto' }) ? 'python' : 'node'
}

function remarksOn(cwd: string): string[] {
  const pm2 = ['js', 'cjs', 'mjs', 'json'].map(ending => `ecosystem.config.${ending}`).find(name => isFile(cwd, name))
  return pm2 === undefined ? [] : [`${pm2} was not read: unicorn init --from ${pm2} takes its settings over`]
}

/** The value of a setting of a config file, or the first of a list, as far as the text of the file tells. */
function valueIn(text: string, name: SettingName): string | undefined {
  const pattern = `(?:^|[{,])\\s*["']?${name}["']?\\s*[:=]\\s*\\[?\\s*(["'])(?<value>[^"']+)\\1\\s*(?:[,\\])}#]|//|$)`
  return new RegExp(pattern, 'm').exec(text)?.groups?.value
}

/** @param from  a file of PM2's, or one of Gunicorn's, which is read as it is */
async function planFrom(from: string, options: InitOptions, project: Project): Promise<Plan> {
  if (!/\.py$|^python:/.test(from)) return planFromPm2({ ...options, from }, project)
  const server: Served = { ...servedOf(project), config: from, bind: undefined, language: 'python' }
  const remark = `${from} is read as it is: unicorn -c ${from}; named ${GUNICORN_FILE}, it is found by itself`
  return { configs: [], servers: [server], remarks: [remark] }
}
