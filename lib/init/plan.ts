import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { findConfigFile } from '../../config/sources/file.js'
import { isPython } from '../application/python/recognise.js'
import { configFile, configText, type Entry, entriesOf, exampleEntries, workersEntry } from './config-text.js'
import type { Plan, Served } from './deploy-files.js'
import { findStart } from './find-start.js'
import type { InitOptions } from './options.js'
import { planFromPm2 } from './plan-from.js'
import { configFormat, isFile, type Language, type Project, projectIn, type Start } from './project.js'

const GUNICORN_FILE = 'gunicorn.conf.py'
const TRY = 'Next: unicorn --check-config, then unicorn'

/** @throws UnicornError if nothing says what the application is */
export async function planOf(options: InitOptions, cwd: string): Promise<Plan> {
  const project = projectIn(cwd, options.name)
  if (options.from !== undefined) return planFrom(options.from, options, project)
  const known = findConfigFile(cwd)
  if (known !== undefined && options.extras.length > 0) return planBeside(project, basename(known))
  const start = findStart(project, options.app)
  const language = languageOf(project, start)
  const remarks = [`Application: ${start.settings.app} (${start.why})`]
  if (language === 'python' && known === undefined && isFile(cwd, GUNICORN_FILE)) return planOfGunicorn(project, start)
  const format = configFormat(project)
  const entries = entriesFor(start, language)
  const path = known === undefined ? configFile(format) : basename(known)
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
  const language = isFile(project.directory, 'package.json') ? 'node' : pythonIfSo(project)
  return { configs: [], servers: [{ ...servedOf(project), config, bind: bindIn(text), language }], remarks: [] }
}

/** Gunicorn's own file is read as it is, as long as there is no other one. */
function planOfGunicorn(project: Project, { settings: { app }, why }: Start): Plan {
  const bind = bindIn(readFileSync(join(project.directory, GUNICORN_FILE), 'utf8'))
  const server: Served = { ...servedOf(project), config: GUNICORN_FILE, bind, language: 'python', app }
  const remark = `${GUNICORN_FILE} is read as it is: no other config file is needed, and none was written`
  return { configs: [], servers: [server], remarks: [remark, `Next: unicorn --check-config ${app} (${why})`] }
}

function entriesFor({ settings, why, notes = [] }: Start, language: Language): Entry[] {
  const entries = entriesOf(settings, { app: [`The application (${why}).`, ...notes] })
  const all = settings.workers === undefined ? [...entries, workersEntry] : entries
  return [...all, ...exampleEntries(all, language === 'python')]
}

function servedOf({ name, manifest }: Project): Pick<Served, 'name' | 'manifest'> {
  return { name, manifest }
}

function pythonIfSo(project: Project): Language {
  return isFile(project.directory, 'manage.py') || isFile(project.directory, 'requirements.txt') ? 'python' : 'node'
}

function languageOf({ directory }: Project, { settings: { app } }: Start): Language {
  const draft = { app, chdir: directory, cwd: directory, pythonpath: [], rawEnv: {}, variables: {}, python: undefined }
  return isPython({ ...draft, interface: 'auto' }) ? 'python' : 'node'
}

function remarksOn(cwd: string): string[] {
  const pm2 = ['js', 'cjs', 'mjs', 'json'].map(ending => `ecosystem.config.${ending}`).find(name => isFile(cwd, name))
  return pm2 === undefined ? [] : [`${pm2} was not read: unicorn init --from ${pm2} takes its settings over`]
}

/** The first address that a config file sets, as far as its text tells. */
function bindIn(text: string): string | undefined {
  return /^\s*bind\s*[:=]\s*\[?\s*['"]([^'"]+)['"]/m.exec(text)?.[1]
}

/** @param from  a file of PM2's, or one of Gunicorn's, which is read as it is */
async function planFrom(from: string, options: InitOptions, project: Project): Promise<Plan> {
  if (!/\.py$|^python:/.test(from)) return planFromPm2({ ...options, from }, project)
  const server: Served = { ...servedOf(project), config: from, bind: undefined, language: 'python' }
  const remark = `${from} is read as it is: unicorn -c ${from}; named ${GUNICORN_FILE}, it is found by itself`
  return { configs: [], servers: [server], remarks: [remark] }
}
