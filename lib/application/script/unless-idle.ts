import { once } from 'node:events'

/**
 * Waits for a promise of the application's; undefined when nothing is left in this process that could still fulfil it, no timer and
 * no socket. The channel to the arbiter alone would keep it waiting.
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
