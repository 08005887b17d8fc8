import { toError } from '../lib/errors.js'
import type { HookName, Logger } from './hooks.js'

/**
 * Runs a hook that nobody waits for. What it throws, or its promise rejects with, is logged.
 * @returns whether it went well, as far as it is known when it returns
 */
export function callHook(log: Logger, name: HookName, call: () => unknown): boolean {
  const failed = (error: unknown): void => log.error({ err: toError(error) }, `Hook ${name} failed`)
  try {
    const result = call()
    if (result instanceof Promise) result.catch(failed)
    return true
  } catch (error) {
    failed(error)
    return false
  }
}

/** Runs a hook and waits for it, at most `limit` milliseconds. Never rejects: a failure, or the limit, is logged. */
export async function awaitHook(
  log: Logger,
  name: HookName,
  { call, limit }: { call: () => unknown; limit: number },
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limit} ms`)), limit)
  })
  try {
    await Promise.race([call(), overdue])
  } catch (error) {
    log.error({ err: toError(error) }, `Hook ${name} failed`)
  } finally {
    clearTimeout(timer)
  }
}
