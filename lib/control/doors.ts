import type { Config } from '../../config/settings.js'
import type { Address } from '../listeners/address.js'

/** A way in: where it is, by the configuration. `serve.ts` has what is behind it. */
interface Door {
  address(config: Config): Address | undefined
  /** Of a unix socket: the permissions that it lacks. */
  umask(config: Config): number
}

/** THE table of ways in, by the names of their settings. */
export const DOORS = {
  metricsBind: {
    address: ({ metricsBind }: Config) => metricsBind,
    umask: ({ umask }: Config) => umask ?? 0,
  },
  controlSocket: {
    address: ({ controlSocket }: Config) => controlSocket,
    umask: () => 0o177,
  },
} as const satisfies Readonly<Record<string, Door>>

export type DoorName = keyof typeof DOORS

export const doorNames = Object.keys(DOORS) as DoorName[] // exactly these keys: the table is a literal
