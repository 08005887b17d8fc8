import type { EventEmitter } from 'node:events'

/** Resolves at the first of these events. */
export function firstOf(...events: readonly [emitter: EventEmitter, name: string][]): Promise<void> {
  return new Promise(resolve => {
    const wake = (): void => {
      for (const [emitter, name] of events) emitter.off(name, wake)
      resolve()
    }
    for (const [emitter, name] of events) emitter.on(name, wake)
  })
}
