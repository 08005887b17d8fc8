import type { SettingName } from './settings.js'

/** A value as it was written, and where: `command line --workers`, `config file /srv/app/unicorn.config.ts`. */
export interface Given {
  readonly value: unknown
  readonly origin: string
}

/** What one source says. */
export type Layer = ReadonlyMap<SettingName, Given>
