import { inFrontOfScript } from '../../config/pm2/fields.js'
import type { FileSettings, SettingName } from '../../config/settings.js'
import { readCommandLine } from '../../config/sources/cli.js'
import { splitWords } from '../../config/sources/words.js'
import { UnicornError } from '../errors.js'
import { sortArguments } from '../sys/node-options.js'

/** Runs a command of package.json by its name. */
const RUNNER = /^(?:npm|pnpm|yarn|bun)$/
/** Programs that run a script, as Node does. */
const RUNTIMES = new Set(['node', 'nodemon', 'tsx', 'ts-node', 'ts-node-dev', 'tsnd', 'swc-node', 'bun', 'deno'])
/** Servers of Python's whose options are Gunicorn's. */
const ALIKE = new Set(['unicorn', 'gunicorn'])
const OTHER_SERVERS = new Set(['uvicorn', 'hypercorn', 'daphne', 'granian', 'waitress-serve', 'uwsgi'])
const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s
/** Options of Node that take the next word. */
const WITH_VALUE =
  /^(?:-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file|-w|--watch-path)$/
/** What only development needs, or what is for the runtime and not for Node. */
const DEVELOPMENT = /^(?:watch|run|--watch.*|--respawn|--transpile-only|--inspect.*)$/
/** Words that only a shell can fill in. */
const FILLED_IN = /[$`]/

/** What a command that starts an application says. */
export interface StartCommand {
  readonly settings: FileSettings
  /** What no setting can say, in sentences for the config file. */
  readonly notes?: readonly string[]
}

/**
 * Reads the command that starts an application: `NODE_ENV=production node --env-file=.env server.js --verbose`.
 * @param scripts  those of package.json, for `npm run NAME`
 * @returns what does the same, or undefined if the command starts nothing that is known
 */
export function readStartCommand(text: string, scripts: ReadonlyMap<string, string>): StartCommand | undefined {
  const parts = text.split(/&&|;/)
  const words = wordsOf(parts.pop() ?? '')
  const chdir = parts.flatMap(part => /^\s*cd\s+([\w./-]+)\s*$/.exec(part)?.[1] ?? []).join('/')
  const env: Record<string, string> = {}
  while (words[0] !== undefined) {
    const [, name, value] = ASSIGNMENT.exec(words[0]) ?? []
    if (name !== undefined && value !== undefined && !FILLED_IN.test(value)) env[name] = value
    else if (name === undefined && !/^(?:exec|env|cross-env|npx|pnpx|dotenv|--)$/.test(words[0])) break
    words.shift()
  }
  const found = readProgram(words, scripts)
  if (!found) return undefined
  const rawEnv = { ...env, ...recordOf(found.settings.rawEnv) }
  const more = { ...(Object.keys(rawEnv).length > 0 && { rawEnv }), ...(chdir !== '' && { chdir }) }
  return { ...found, settings: { ...found.settings, ...more } }
}

function readProgram(
  [program = '', ...words]: readonly string[],
  scripts: ReadonlyMap<string, string>,
): StartCommand | undefined {
  const name = program.replace(/^.*\//, '')
  if (RUNTIMES.has(name) && words[0] !== 'start') return readRuntime(words)
  if (RUNNER.test(name)) {
    const [script = ''] = words.filter(word => word !== 'run' && !word.startsWith('-'))
    const others = new Map([...scripts].filter(([each]) => each !== script))
    return readStartCommand(scripts.get(script) ?? '', others)
  }
  if (name === 'next' && words[0] === 'start')
    return { settings: { app: 'node_modules/.bin/next', args: withoutPort(words) } }
  if (name === 'fastify' && words[0] === 'start')
    return { settings: { app: 'node_modules/.bin/fastify', args: withoutPort(words) } }
  if (ALIKE.has(name)) return readAlike(words)
  if (OTHER_SERVERS.has(name))
    return appOf(words.find(word => /^[\w.]+:[\w.]+(?:\(\))?$/.test(word) && !/:\d+$/.test(word)))
  return undefined
}

function readRuntime(words: readonly string[]): StartCommand | undefined {
  const [options, envFile]: [string[], string[]] = [[], []]
  const rest = [...words]
  for (let word = rest[0]; word !== undefined && (word.startsWith('-') || DEVELOPMENT.test(word)); word = rest[0]) {
    rest.shift()
    const value = WITH_VALUE.test(word) ? rest.shift() : undefined
    const file = word === '--env-file' ? value : /^--env-file(?:-if-exists)?=(.*)$/.exec(word)?.[1]
    if (file !== undefined) envFile.push(file)
    else if (!DEVELOPMENT.test(word) && !/tsx|ts-node|swc/.test(`${value}${word}`))
      options.push(word, ...(value ? [value] : []))
  }
  const [app, ...args] = rest
  if (app === undefined || FILLED_IN.test(app)) return undefined
  const { anywhere, inFront } = sortArguments(options)
  const { known, filledIn } = sortFilledIn(args)
  const notes = [
    ...(inFront.length > 0 ? [`${inFrontOfScript(inFront)}.`] : []),
    ...(filledIn.length > 0 ? [`Left out of its arguments, since a shell fills it in: ${filledIn.join(' ')}.`] : []),
  ]
  const settings = {
    app,
    ...(known.length > 0 && { args: known }),
    ...(envFile.length > 0 && { envFile }),
    ...(anywhere.length > 0 && { rawEnv: { NODE_OPTIONS: anywhere.join(' ') } }),
  }
  return { settings, notes }
}

/** Arguments that are known, and those that a shell fills in, with the options whose values they are. */
function sortFilledIn(args: readonly string[]): { readonly known: string[]; readonly filledIn: string[] } {
  const isFilledIn = (word = ''): boolean => FILLED_IN.test(word)
  const isLeftOut = (word: string, at: number): boolean =>
    isFilledIn(word) || (/^-[^=]*$/.test(word) && isFilledIn(args[at + 1]) && !args[at + 1]?.startsWith('-'))
  return { known: args.filter((word, at) => !isLeftOut(word, at)), filledIn: args.filter(isLeftOut) }
}

/** Takes the settings of a command line of this server or of Gunicorn over, but for those that a shell fills in. */
function readAlike(words: readonly string[]): StartCommand | undefined {
  try {
    const line = readCommandLine(words)
    if (line.kind !== 'settings' || !line.given.has('app')) return undefined
    const given = [...line.given].filter(
      ([name, { value }]) => isOfFile(name) && !FILLED_IN.test(JSON.stringify(value)),
    )
    return { settings: Object.fromEntries(given.map(([name, { value }]) => [name, value])) }
  } catch (error) {
    if (error instanceof UnicornError) return undefined
    throw error
  }
}

function isOfFile(name: SettingName): boolean {
  return name !== 'config' && name !== 'checkConfig' && name !== 'printConfig'
}

function appOf(app: string | undefined): StartCommand | undefined {
  return app === undefined ? undefined : { settings: { app } }
}

function withoutPort(words: readonly string[]): string[] {
  return words.filter(
    (word, at) =>
      !/^(?:-p|--port|-H|--hostname)/.test(word) && !/^(?:-p|--port|-H|--hostname)$/.test(words[at - 1] ?? ''),
  )
}

/** Of a script that no shell could run, nothing is known. */
function wordsOf(text: string): string[] {
  try {
    return splitWords(text.trim())
  } catch {
    return []
  }
}

function recordOf(value: FileSettings['rawEnv']): Record<string, string> {
  return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, string>) : {}
}
