import { once } from 'node:events'

/**
 * Waits for a promise as long as something in this process can still fulfil it, the channel to the arbiter not counted.
 * @returns undefined if nothing can
 */
export async function unlessIdle<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  const idle = new AbortController()
  process.channel?.unref()
  try {
    return await Promise.race([promise, once(process, 'beforeExit', { signal: idle.signal }).then(() => undefined)])
  } finally {
    process.channel?.ref()
    idle.abort()
  }
}
