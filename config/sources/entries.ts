import { UnicornError } from '../../lib/errors.js'
import { type HookName, type Hooks, hookNames } from '../hooks.js'
import { bothSpellings } from '../names.js'
import { nearest } from '../nearest.js'
import { rows, type SettingName, settingNames } from '../settings.js'

/** The contents of a config file, by camelCase names. The settings' values are as they were written. */
export interface Entries {
  readonly settings: ReadonlyMap<SettingName, unknown>
  readonly hooks: Hooks
}

/**
 * Sorts names and values into settings and hooks. An undefined value counts as absent.
 * @param where the config file, for messages
 * @throws UnicornError if a name is unknown (with the nearest one) or is there twice, or if a hook is no function
 */
export function sortEntries(entries: Iterable<readonly [string, unknown]>, where: string): Entries {
  const settings = new Map<SettingName, unknown>()
  const hooks = new Map<HookName, unknown>()
  const [settingOf, hookOf] = [bothSpellings(settingNames), bothSpellings(hookNames)]
  for (const [key, value] of entries) {
    if (value === undefined) continue
    const [setting, hook] = [settingOf.get(key), hookOf.get(key)]
    if (setting) put(settings, checkedSetting(setting, where), value, where)
    else if (hook) put(hooks, hook, checkedHook(hook, value, where), where)
    else throw unknownName(key, [...settingOf.keys(), ...hookOf.keys()], where)
  }
  // A function's parameters cannot be checked at run time; `UserConfig` checks them if the file is TypeScript.
  return { settings, hooks: Object.fromEntries(hooks) as Hooks }
}

function put<Name extends string>(map: Map<Name, unknown>, name: Name, value: unknown, where: string): void {
  if (map.has(name)) {
    throw new UnicornError(`${where}: found ${name} twice, wanted it once`, { found: name, where })
  }
  map.set(name, value)
}

function checkedSetting(name: SettingName, where: string): SettingName {
  if (!rows[name].commandLineOnly) return name
  throw new UnicornError(`${where}: found ${name}, which can only be given on the command line`, { found: name, where })
}

function checkedHook(name: HookName, value: unknown, where: string): unknown {
  if (typeof value === 'function') return value
  const message = `${where}: found ${typeof value} for the server hook ${name}, wanted a function`
  throw new UnicornError(message, { found: value, wanted: 'a function', where })
}

function unknownName(name: string, known: readonly string[], where: string): UnicornError {
  const spelledAlike = (each: string) => each.includes('_') === name.includes('_')
  const meant = nearest(name, [...known.filter(spelledAlike), ...known])
  const hint = meant ? ` (did you mean "${meant}"?)` : ', wanted the name of a setting or of a server hook'
  return new UnicornError(`${where}: found the unknown name "${name}"${hint}`, { found: name, wanted: meant, where })
}
