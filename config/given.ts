import type { SettingName } from './settings.js'

/** A value as it was written, and its origin: `command line --workers`, `config file /srv/app/unicorn.config.ts`. */
export interface Given {
  readonly value: unknown
  readonly origin: string
}

/** The settings of one source. */
export type Layer = ReadonlyMap<SettingName, Given>
