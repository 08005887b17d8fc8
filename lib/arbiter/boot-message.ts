import type { Config } from '../../config/settings.js'
import type { ListenerSeat } from '../listeners/listener-seat.js'
import type { Boot } from '../worker/protocol.js'
import { FIRST_LISTENER_FD } from './spawn.js'
import type { WorkerHandle } from './worker-handle.js'

/** Everything that a worker needs to boot. */
export function bootMessage({ generation, index, age }: WorkerHandle, version: string): Boot<Config> {
  const { resolved, listeners } = generation
  const { names } = listeners
  const seats = listeners.bound.map((address, place): ListenerSeat => {
    const seat = { fd: FIRST_LISTENER_FD + place, name: names[place] ?? '' }
    if (address.kind === 'tcp') return { ...seat, host: address.host, port: address.port }
    return address.kind === 'unix' ? { ...seat, path: address.path } : seat
  })
  return {
    type: 'boot',
    config: resolved.config,
    configFile: resolved.file,
    index,
    age,
    arbiterPid: process.pid,
    version,
    listeners: seats,
    checkOnly: false,
  }
}
