import { defaultText } from '../../config/setting.js'
import { type FileSettings, rows, type SettingName } from '../../config/settings.js'

export type ConfigFormat = 'ts' | 'esm' | 'cjs'

/** One piece of a config file: what a comment says, and the setting below it. */
export interface Entry {
  readonly comment: readonly string[]
  readonly name?: SettingName
  /** As it stands in the file, in JavaScript. */
  readonly code?: string
  /** Commented out: an example. */
  readonly isOff?: boolean
}

const HEAD = `The settings of unicorn. The command line is stronger than this file, and this file than PORT and WEB_CONCURRENCY.
unicorn --print-config shows all settings, unicorn --check-config tries them and the application.`

const WIDTH = 118

/** Examples that stand in each file, commented out, unless they are set. */
const EXAMPLES: FileSettings = {
  bind: ['127.0.0.1:8000'],
  timeout: '30s',
  gracefulTimeout: '30s',
  maxMemory: '500mb',
  readyPath: '/healthz',
  accesslog: '-',
}
const EXAMPLES_IN_PYTHON: FileSettings = { bind: ['127.0.0.1:8000'], threads: 4, ...EXAMPLES }

export function configFile(format: ConfigFormat): string {
  return `unicorn.config.${format === 'ts' ? 'ts' : 'js'}`
}

/** The number of workers if nothing names one; the environment has the last word. */
export const workersEntry: Entry = {
  comment: ['As many workers as WEB_CONCURRENCY says, or one for each CPU.'],
  name: 'workers',
  code: "Number(env.WEB_CONCURRENCY) || 'auto'",
}

/** Makes entries of settings, each with what the table of settings says about it. */
export function entriesOf(settings: FileSettings, why: Readonly<Partial<Record<SettingName, string[]>>> = {}): Entry[] {
  return namesOf(settings).map(name => ({
    comment: why[name] ?? [describe(name)],
    name,
    code: literal(settings[name as keyof FileSettings]),
  }))
}

/** Examples of settings that `given` does not have. */
export function exampleEntries(given: readonly Entry[], isPython: boolean): Entry[] {
  const examples = isPython ? EXAMPLES_IN_PYTHON : EXAMPLES
  return entriesOf(examples)
    .filter(({ name }) => given.every(entry => entry.name !== name))
    .map(entry => ({ ...entry, isOff: true }))
}

/** Writes a config file, in TypeScript or in JavaScript, which imports nothing: so it needs no loader. */
export function configText(entries: readonly Entry[], format: ConfigFormat): string {
  const body = entries.map(entryText).join('\n\n')
  const isFunction = entries.some(({ code, isOff }) => !isOff && code?.includes('env.'))
  const head = comment(HEAD.split('\n'), '')
  if (!isFunction) {
    const [open, close] = {
      ts: ['export default defineConfig({', '})'],
      esm: ['export default {', '}'],
      cjs: ['module.exports = {', '}'],
    }[format]
    return `${head}\n${importText(format)}${open}\n${body}\n${close}\n`
  }
  const open = {
    ts: 'export default defineConfig(env => ({',
    esm: 'export default env => ({',
    cjs: 'module.exports = env => ({',
  }[format]
  return `${head}\n${importText(format)}${open}\n${body}\n${format === 'ts' ? '}))' : '})'}\n`
}

/** A literal of JavaScript. */
export function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(([key, each]) => `${keyText(key)}: ${literal(each)}`)
  const line = `{ ${members.join(', ')} }`
  return line.length < 80 ? line : `{\n${members.map(member => `    ${member},`).join('\n')}\n  }`
}

function importText(format: ConfigFormat): string {
  return format === 'ts' ? "import { defineConfig } from 'unicorn'\n\n" : ''
}

function entryText({ comment: lines, name, code, isOff }: Entry): string {
  const text = comment(lines, '  ')
  if (name === undefined) return text.trimEnd()
  return `${text}  ${isOff ? '// ' : ''}${name}: ${code},`
}

function comment(lines: readonly string[], indent: string): string {
  return lines
    .flatMap(line => wrapped(line, WIDTH - indent.length - 3))
    .map(line => `${indent}// ${line}\n`)
    .join('')
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(/[ \n]+/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 1 > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.map(line => line.replaceAll('\u00a0', ' '))
}

function describe(name: SettingName): string {
  const { description } = rows[name]
  return `${description.charAt(0).toUpperCase()}${description.slice(1)}. Default:\u00a0${defaultText(rows[name])}.`
}

function namesOf(settings: FileSettings): SettingName[] {
  return Object.keys(settings) as SettingName[] // exactly these keys: the type has no others
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

function keyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) && key !== '__proto__' ? key : `[${quoted(key)}]`
}
