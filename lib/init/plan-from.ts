import { resolve } from 'node:path'
import { words } from '../../config/arguments.js'
import { type Pm2Translation, translateApp } from '../../config/pm2/translate.js'
import type { FileSettings } from '../../config/settings.js'
import { readStartCommand, type StartCommand } from './command-line.js'
import { configFile, configText, type Entry, entriesOf, exampleEntries } from './config-text.js'
import type { InitOptions } from './options.js'
import { readPm2File } from './pm2-file.js'
import { configFormat, type Project, plainName, projectIn } from './project.js'
import type { Plan, Served } from './served.js'

const DEPLOYS =
  'deploy: unicorn does not copy releases to servers; after a deployment, reload by HUP or systemctl reload.'
/** Scripts that another program than Node runs. */
const FOREIGN = /\.(?:py|rb|sh|php|pl|go|exe)$/

/** Makes a config file of each application in a file of PM2's. @throws UnicornError if it cannot be read */
export async function planFromPm2(options: InitOptions & { from: string }, project: Project): Promise<Plan> {
  const { apps, deploys } = await readPm2File(options.from, project.directory)
  const remarks: string[] = []
  const names = new Set<string>()
  const served = apps.flatMap((app, at) => {
    const ownName = plainName(String(app.name ?? (apps.length === 1 ? project.name : `${project.name}-${at + 1}`)))
    const name = names.has(ownName) ? `${ownName}-${at + 1}` : ownName
    names.add(name)
    const translation = settled(translateApp(app, options.env), project)
    const foreign = foreignInterpreter(app)
    if (foreign !== undefined)
      remarks.push(`${name}: no config file was written, since ${foreign} runs it; make a service of its own`)
    return foreign === undefined ? [{ name, translation }] : []
  })
  const format = configFormat(project)
  const isOnly = served.length === 1
  const all = served.map(({ name, translation }) => {
    const entries = [...entriesFor(translation), ...(deploys ? [{ comment: [DEPLOYS] }] : [])]
    const path = isOnly ? configFile(format) : configFile(format).replace('.', `.${name}.`)
    const server: Served = {
      name,
      directory: project.directory,
      config: path,
      bind: translation.settings.bind && String([translation.settings.bind].flat()[0]),
      language: 'node',
      manifest: project.manifest,
    }
    return { draft: { path, text: configText(entries, format) }, server }
  })
  const next = all.map(({ server: { config } }) => `Next: unicorn ${isOnly ? '' : `-c ${config} `}--check-config`)
  return {
    configs: all.map(({ draft }) => draft),
    servers: all.map(({ server }) => server),
    remarks: [...remarks, ...next],
  }
}

function entriesFor({ settings, why, notes }: Pm2Translation): Entry[] {
  const entries = entriesOf(settings, why)
  const lines = notes.map(note => ({ comment: [note] }))
  return [...entries, ...exampleEntries(entries, false), ...lines]
}

/** Follows `npm start` to its script, and leaves out a directory that is this one. */
function settled(translation: Pm2Translation, { directory }: Project): Pm2Translation {
  const { chdir, ...settings } = translation.settings
  const home = resolve(directory, chdir ?? '')
  const there = home === directory ? {} : { chdir }
  const { settings: started, notes = [] } = followed(settings, projectIn(home).manifest?.scripts ?? new Map())
  const all = Object.entries({ ...settings, ...started, ...there }).filter(([, value]) => !isEmpty(value))
  return { ...translation, settings: Object.fromEntries(all), notes: [...translation.notes, ...notes] }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function followed({ app, args, rawEnv }: FileSettings, scripts: ReadonlyMap<string, string>): StartCommand {
  if (!/^(?:npm|pnpm|yarn|npx)$/.test(String(app))) return { settings: {} }
  const found = readStartCommand([app, ...words.parse(args ?? [])].join(' '), scripts)
  if (!found) return { settings: {} }
  const { settings, notes = [] } = found
  return { settings: { args: [], ...settings, rawEnv: { ...Object(rawEnv), ...Object(settings.rawEnv) } }, notes }
}

function foreignInterpreter(app: Readonly<Record<string, unknown>>): string | undefined {
  const { interpreter = app.exec_interpreter, script = app.exec } = app
  const program = String(interpreter ?? 'node').replace(/^.*\//, '')
  if (/^(?:node|tsx|ts-node|swc-node)$/.test(program))
    return FOREIGN.test(String(script)) ? 'another program' : undefined
  return program === 'none' ? 'no interpreter' : program
}
