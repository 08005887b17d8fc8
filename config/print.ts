import type { Resolved } from './resolve.js'
import { type Config, rows, type SettingName, settingNames } from './settings.js'

/** A longer value does not move the column of the origins to the right. */
const WIDEST = 40

/** Returns the text of `--print-config`: a line `name = value   # origin` for each setting, with secrets masked. */
export function printConfig({ config, origins: given, python }: Resolved): string {
  // What was found is of more use than that nothing was named.
  const values = python ? { ...config, python: python.executable } : config
  const origins = python ? { ...given, python: `Python ${python.version}, from ${python.why}` } : given
  const lines = settingNames.map(name => ({ name, value: print(name, values[name]) }))
  const nameWidth = Math.max(...lines.map(({ name }) => name.length))
  const valueWidth = Math.max(...lines.map(({ value }) => (value.length > WIDEST ? 0 : value.length)))
  return lines
    .map(({ name, value }) => `${name.padEnd(nameWidth)} = ${value.padEnd(valueWidth)}   # ${origins[name]}\n`)
    .join('')
}

/** Returns each setting with its value as `--print-config` has it, secrets masked. */
export function printedConfig(config: Config): Readonly<Record<string, string>> {
  return Object.fromEntries(settingNames.map(name => [name, print(name, config[name])]))
}

function print(name: SettingName, value: unknown): string {
  return value === undefined ? 'none' : rows[name].parser.print(value) || 'none'
}
