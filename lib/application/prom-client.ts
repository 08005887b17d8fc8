import { createRequire } from 'node:module'
import { property } from '../sys/objects.js'

const PROM_CLIENT = /\/prom-client\/index\.js$/

const { cache } = createRequire(import.meta.url)

/**
 * Returns the metrics that the application has registered with prom-client, in each copy of that package that it has
 * loaded, as JSON. Empty if it has none.
 * @throws what a `collect` function of the application throws
 */
export async function applicationMetrics(): Promise<unknown[]> {
  const found: unknown[] = []
  for (const file of Object.keys(cache).filter(file => PROM_CLIENT.test(file))) {
    const register = property(property(cache[file], 'exports'), 'register')
    const read = property(register, 'getMetricsAsJSON')
    const metrics: unknown = typeof read === 'function' ? await Reflect.apply(read, register, []) : undefined
    if (Array.isArray(metrics)) found.push(...metrics)
  }
  return found
}
