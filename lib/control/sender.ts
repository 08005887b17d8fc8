import type { Config } from '../../config/settings.js'
import type { ControlledServer } from '../arbiter/control.js'
import { load } from './load.js'

/** The settings that it depends on. */
const SETTINGS = ['statsdHost', 'statsdPrefix', 'dogstatsdTags'] as const

/** Sends figures to where the settings say, while they say so. */
export class Sender {
  readonly #server: ControlledServer
  #running: { close(): void } | undefined
  #settings = ''

  constructor(server: ControlledServer) {
    this.#server = server
  }

  take(config: Config): void {
    const settings = JSON.stringify(SETTINGS.map(name => config[name]))
    if (settings === this.#settings) return
    this.#settings = settings
    this.#running?.close()
    this.#running = config.statsdHost === undefined ? undefined : load().sendFigures(this.#server, config)
  }

  close(): void {
    this.#running?.close()
    this.#running = undefined
    this.#settings = ''
  }
}
