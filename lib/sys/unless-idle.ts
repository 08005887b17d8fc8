import { once } from 'node:events'

/**
 * Waits for a promise, or until nothing in this process, but for the channel to the arbiter, can still fulfil it. Other
 * listeners for `beforeExit` are not called meanwhile: to them it means that the process ends.
 */
export async function unlessIdle<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  const others = takeBeforeExit()
  const idle = new AbortController()
  process.channel?.unref()
  try {
    return await Promise.race([promise, once(process, 'beforeExit', { signal: idle.signal }).then(() => undefined)])
  } finally {
    process.channel?.ref()
    idle.abort()
    for (const listener of others) Reflect.apply(process.on, process, ['beforeExit', listener])
  }
}

/** Removes the listeners for `beforeExit` and returns them. */
export function takeBeforeExit(): ReturnType<typeof process.rawListeners> {
  const listeners = process.rawListeners('beforeExit')
  process.removeAllListeners('beforeExit')
  return listeners
}
