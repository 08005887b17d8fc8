import { bindText } from '../../lib/listeners/address.js'
import type { GunicornFile } from '../interpreter.js'
import { type Config, rows } from '../settings.js'
import { duration } from '../units.js'
import { gunicornOptions } from './options.js'

/** The settings as hooks in Python see them: `cfg`, by Gunicorn's names and in its units. JSON can hold all of it. */
export function cfgOf(config: Config, { values }: GunicornFile): Readonly<Record<string, unknown>> {
  const own = Object.entries(gunicornOptions).flatMap(([name, { setting }]) =>
    setting === undefined ? [] : [[name, gunicornValue(config, setting)] as const],
  )
  return { ...values, ...Object.fromEntries(own) }
}

function gunicornValue(config: Config, setting: keyof Config): unknown {
  if (setting === 'bind') return config.bind.map(bindText)
  if (setting === 'rawEnv') return Object.entries(config.rawEnv).map(([name, value]) => `${name}=${value}`)
  const value = config[setting] ?? null
  return rows[setting].parser === duration ? Number(value) / 1000 : value
}
