import { createRequire } from 'node:module'
import type { Family } from './family.js'

type PromClient = typeof import('prom-client')

let loaded: PromClient | undefined

/** Loads what the first scrape would have to load. */
export function prepare(): void {
  promClient()
}

/** By `require`: `import` would start Node's loader of ES modules. */
function promClient(): PromClient {
  loaded ??= createRequire(import.meta.url)('prom-client') as PromClient
  return loaded
}

export type Format = 'prometheus' | 'openmetrics'

/** Returns the format that a client prefers by its Accept (RFC 9110, section 12.5.1). */
export function formatFor(accept = ''): Format {
  const quality = (type: string): number => {
    const found = accept.split(',').find(each => each.trim().toLowerCase().startsWith(type))
    return found === undefined ? 0 : Number(/;\s*q=([\d.]+)/i.exec(found)?.[1] ?? 1)
  }
  const wanted = quality('application/openmetrics-text')
  return wanted > 0 && wanted >= quality('text/plain') ? 'openmetrics' : 'prometheus'
}

/** The rules of prom-client by which the metrics of several workers become one. */
const AGGREGATORS: ReadonlySet<string> = new Set(['sum', 'first', 'min', 'max', 'average', 'omit'])

/** Joins families of one name; by an unknown rule, as the sum. */
export function aggregate(families: readonly (readonly Family[])[]): Family[] {
  const known = families.map(some =>
    some.map(family => (AGGREGATORS.has(family.aggregator) ? family : { ...family, aggregator: 'sum' })),
  )
  const registry = promClient().AggregatorRegistry.aggregate(known)
  return registry.getMetricsAsArray() as unknown as Family[] // what was put in
}

/** Writes families as text. @returns the text and its media type */
export async function expose(families: readonly Family[], format: Format): Promise<{ body: string; type: string }> {
  const { Registry } = promClient()
  const type = format === 'openmetrics' ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE
  const registry = new Registry()
  registry.setContentType(type as never)
  for (const family of families) {
    const metric = { ...family, get: () => metric }
    registry.registerMetric(metric as never)
  }
  return { body: await registry.metrics(), type }
}
