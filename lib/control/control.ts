import { closeSync } from 'node:fs'
import type { Resolved } from '../../config/resolve.js'
import type { Config } from '../../config/settings.js'
import type { Control, ControlledServer, Prepared } from '../arbiter/control.js'
import { bindText } from '../listeners/address.js'
import type { InheritedSocket, Listeners } from '../listeners/listeners.js'
import { runAll } from '../sys/run-all.js'
import { DOORS, doorNames } from './doors.js'
import { OpenDoor } from './open-door.js'
import { Sender } from './sender.js'
import { senderNames } from './senders.js'

/** All that shows a server and steers it. It has the snapshot, the events and the commands of an arbiter, no more. */
export class Doors implements Control {
  readonly #doors: readonly OpenDoor[]
  readonly #senders: readonly Sender[]
  /** In force. */
  #resolved: Resolved | undefined

  constructor(server: ControlledServer) {
    this.#doors = doorNames.map(name => new OpenDoor(name, server))
    this.#senders = senderNames.map(name => new Sender(name, server))
  }

  get sockets(): readonly InheritedSocket[] {
    return this.#doors.flatMap(({ sockets }) => sockets)
  }

  async prepare(resolved: Resolved, inherited: readonly InheritedSocket[]): Promise<Prepared> {
    const { config } = resolved
    const bound: { readonly door: OpenDoor; readonly listeners: Listeners }[] = []
    const drop = (): void => {
      for (const { door, listeners } of bound) door.drop(listeners)
    }
    closeUnwanted(config, inherited)
    try {
      for (const door of this.#doors) bound.push({ door, listeners: await door.bind(config, inherited) })
    } catch (error) {
      drop()
      throw error
    }
    const take = (): void => {
      for (const { door, listeners } of bound) door.take(listeners)
      for (const sender of this.#senders) sender.take(resolved)
      this.#resolved = resolved
    }
    return { take, drop }
  }

  rest(isResting: boolean): void {
    for (const door of this.#doors) door.rest(isResting)
    for (const sender of this.#senders) {
      if (isResting) void sender.close()
      else if (this.#resolved) sender.take(this.#resolved)
    }
  }

  async close(unlink: boolean): Promise<void> {
    const sent = Promise.all(this.#senders.map(sender => sender.close()))
    try {
      runAll(this.#doors.map(door => () => door.close(unlink)))
    } finally {
      await sent
    }
  }
}

/** What a predecessor had open at addresses that this configuration does not have. */
function closeUnwanted(config: Config, inherited: readonly InheritedSocket[]): void {
  const wanted = doorNames.flatMap(name => DOORS[name].address(config) ?? []).map(bindText)
  for (const { address, fd } of inherited) if (!wanted.includes(address)) closeSync(fd)
}
