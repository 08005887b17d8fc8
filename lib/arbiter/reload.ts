import type { Resolved } from '../../config/resolve.js'
import { rows, type SettingName, settingNames } from '../../config/settings.js'

/** What a reload takes over, and what it cannot. */
export interface Reading {
  readonly resolved: Resolved
  /** Settings that have changed and need a restart; they keep their old values. */
  readonly unchangeable: SettingName[]
}

/** Whether a reload can take a changed value over. Listeners are bound once, at the start. */
function needsRestart(name: SettingName): boolean {
  return rows[name].reload === 'restart' || name === 'bind'
}

/** The new configuration, as far as a running server can take it over. */
export function reread(old: Resolved, fresh: Resolved): Reading {
  const unchangeable = settingNames.filter(name => needsRestart(name) && !isSame(old.config[name], fresh.config[name]))
  const kept = Object.fromEntries(unchangeable.map(name => [name, old.config[name]]))
  const config = Object.freeze({ ...fresh.config, ...kept })
  return { resolved: { ...fresh, config }, unchangeable }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
