import { isDeepStrictEqual } from 'node:util'
import { UnicornError } from '../../lib/errors.js'
import type { Given, SettingName } from '../settings.js'
import { type GunicornOption, gunicornOptions } from './options.js'

/** What a source of Gunicorn's settings means here. */
export interface Translation {
  readonly settings: ReadonlyMap<SettingName, Given>
  /** A sentence about each that does nothing here, for the log. */
  readonly advice: readonly string[]
}

/**
 * Translates the values of a config file of Gunicorn's. Names that Gunicorn does not know are a user's own; None is the
 * default, as there.
 * @param origin  of the values, for messages
 * @throws UnicornError if it would be wrong to go on without one of them
 */
export function translate(values: Readonly<Record<string, unknown>>, origin: string): Translation {
  const settings = new Map<SettingName, Given>()
  const advice: string[] = []
  for (const [name, value] of Object.entries(values)) {
    const option = gunicornOptions[name]
    if (!option || value === null || value === undefined) continue
    if (option.setting) settings.set(option.setting, { value: translated(name, option, value), origin })
    else advice.push(...adviceOnForeign(name, value, { origin, shown: name }))
  }
  return { settings, advice }
}

function translated(name: string, { isList }: GunicornOption, value: unknown): unknown {
  if (name === 'loglevel' && typeof value === 'string') return value.toLowerCase()
  return isList && typeof value === 'string' ? value.split(',').filter(Boolean) : value
}

/**
 * A setting of Gunicorn's that has no counterpart here.
 * @param shown  as the user wrote it
 * @returns a sentence for the log, none if the value does nothing in Gunicorn either
 * @throws UnicornError if it would be wrong to go on without it
 */
export function adviceOnForeign(
  name: string,
  value: unknown,
  { origin, shown }: { origin: string; shown: string },
): string[] {
  const { idle = [], instead = '', isVital } = gunicornOptions[name] ?? {}
  if (idle.some(each => isDeepStrictEqual(each, value))) return []
  if (!isVital) return [`${shown} has no effect: ${instead} (${origin})`]
  throw new UnicornError(`${shown} is not supported: ${instead} (${origin})`, { found: value, where: origin })
}
