import { toError, UnicornError } from '../lib/errors.js'
import { isAbsent, isDerived, type Known } from './setting.js'
import { type Given, rows, type SettingName } from './settings.js'

/** The value of a setting, as given or by default; undefined if it has none. */
export function resolvedValue(name: SettingName, given: Given | undefined, known: Known): unknown {
  if (given) return parse(name, given)
  const { parser, default: standard } = rows[name]
  if (isAbsent(standard)) return undefined
  return parser.parse(isDerived(standard) ? standard.from(known) : standard)
}

/** Makes relative paths in a value absolute. */
export function anchor(name: SettingName, value: unknown, directory: string): unknown {
  const { parser } = rows[name]
  return value !== undefined && parser.anchor ? parser.anchor(value, directory) : value
}

/** @throws UnicornError that names the setting and the origin */
export function parse(name: SettingName, given: Given): unknown {
  return orFault(name, given, () => rows[name].parser.parse(given.value))
}

/** Adds the name of the setting, and the origin of the value, to a parser's error. */
export function orFault<Value>(name: SettingName, given: Given | undefined, action: () => Value): Value {
  try {
    return action()
  } catch (error) {
    const where = given?.origin ?? 'default'
    const { message } = toError(error)
    const fault = { found: given?.value, wanted: rows[name].parser.wanted, where, error }
    throw new UnicornError(`${name}: ${message} (${where})`, fault)
  }
}
