import { isDeepStrictEqual } from 'node:util'
import type { FileSettings, SettingName } from '../settings.js'
import { type Pm2Field, pm2Fields } from './fields.js'

/** An application of an ecosystem file, in this server's terms. */
export interface Pm2Translation {
  readonly settings: FileSettings
  /** What each setting was. */
  readonly why: Readonly<Partial<Record<SettingName, string[]>>>
  /** Sentences about what has no setting, for the config file. */
  readonly notes: readonly string[]
}

const FIELDS = new Map(
  Object.entries(pm2Fields).flatMap(([name, field]) =>
    [name, ...(field.aliases ?? [])].map(each => [each, { ...field, name }] as const),
  ),
)
/** What several fields add to. */
const MERGED: SettingName = 'rawEnv'

/**
 * Translates the fields of an application.
 * @param environment  of `env_NAME`, the NAME whose variables are added to `env`
 */
export function translateApp(app: Readonly<Record<string, unknown>>, environment?: string): Pm2Translation {
  const settings = new Map<SettingName, unknown>()
  const why: Partial<Record<SettingName, string[]>> = {}
  const notes: string[] = []
  for (const [key, value] of inOrder(withEnvironment(app, environment))) {
    const field = FIELDS.get(key)
    if (value === undefined || value === null) continue
    if (!field) notes.push(unknownField(key, environment))
    else if (!field.idle?.some(each => isDeepStrictEqual(each, value))) take(field, { key, value })
  }
  function take({ setting, translate, left, note }: Pm2Field, { key, value }: { key: string; value: unknown }): void {
    const translated = translate ? translate(value) : value
    const rest = left?.(value)
    if (rest !== undefined) notes.push(`${key}: ${rest}.`)
    if (rest !== undefined && translated === undefined) return
    if (setting === undefined || translated === undefined || (setting !== MERGED && settings.has(setting))) {
      notes.push(`${key}: ${note}.`)
      return
    }
    settings.set(setting, setting === MERGED ? merged(settings.get(setting), translated) : translated)
    why[setting] = [...(why[setting] ?? []), `${key} of PM2: ${note}.`]
  }
  addAddress(settings, why)
  if (isList(app.watch)) settings.set('reloadExtraFiles', [app.watch].flat())
  if (!settings.has('workers')) settings.set('workers', 1)
  return { settings: Object.fromEntries(settings), why, notes }
}

/** The application and its name come first. */
function inOrder(app: Readonly<Record<string, unknown>>): [string, unknown][] {
  const rank = ([key]: [string, unknown]): number => Number(FIELDS.get(key)?.setting !== 'app')
  return Object.entries(app).sort((a, b) => rank(a) - rank(b))
}

function withEnvironment(app: Readonly<Record<string, unknown>>, environment?: string): Record<string, unknown> {
  if (environment === undefined) return { ...app }
  const { [`env_${environment}`]: added, ...others } = app
  return { ...others, env: merged(others.env, added) }
}

function unknownField(key: string, environment?: string): string {
  const name = /^env_(\S+)$/.exec(key)?.[1]
  if (name === undefined) return `${key}: no field of PM2 that is known here; nothing became of it.`
  return environment === undefined
    ? `${key}: unicorn init --from FILE --env ${name} adds these variables.`
    : `${key}: left out, since --env ${environment} was asked for.`
}

/** PORT is where a script under PM2 listens, by itself; here the server binds. */
function addAddress(settings: Map<SettingName, unknown>, why: Partial<Record<SettingName, string[]>>): void {
  const { PORT } = recordOf(settings.get('rawEnv'))
  if (!/^\d+$/.test(String(PORT)) || settings.has('bind')) return
  settings.set('bind', [`0.0.0.0:${PORT}`])
  why.bind = ['PORT of env: where the script listened by itself.']
}

/** Adds variables; options of Node are joined. */
function merged(before: unknown, added: unknown): Record<string, unknown> {
  const [one, other] = [recordOf(before), recordOf(added)]
  const options = [one.NODE_OPTIONS, other.NODE_OPTIONS].filter(each => each !== undefined)
  const given = Object.entries({ ...one, ...other }).filter(([, value]) => value !== undefined)
  const variables = given.map(([name, value]) => [name, plain(value)] as const)
  return { ...Object.fromEntries(variables), ...(options.length > 0 && { NODE_OPTIONS: options.join(' ') }) }
}

function plain(value: unknown): string | number {
  if (typeof value === 'number' || typeof value === 'string') return value
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function isList(value: unknown): boolean {
  return Array.isArray(value) || (typeof value === 'string' && value !== 'true')
}
