import type { Family, MetricType, Sample } from './family.js'

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const TYPES: ReadonlySet<unknown> = new Set<MetricType>(['counter', 'gauge', 'histogram', 'summary'])
/** Of the server's own metrics. */
const OWN = /^unicorn_/

/** Returns what is right of the metrics that an application is said to have: foreign code may send anything. */
export function familiesIn(found: unknown): Family[] {
  return Array.isArray(found) ? found.flatMap(familyIn) : []
}

function familyIn(found: unknown): Family[] {
  if (!isRecord(found)) return []
  const { name, help, type, values, aggregator } = found
  if (!isName(name) || OWN.test(name) || !isType(type) || !Array.isArray(values)) return []
  return [
    {
      name,
      help: typeof help === 'string' ? help : '',
      type,
      values: values.flatMap(sampleIn),
      aggregator: typeof aggregator === 'string' ? aggregator : 'sum',
    },
  ]
}

/** JSON has no NaN and no infinity. */
function sampleIn(found: unknown): Sample[] {
  if (!isRecord(found)) return []
  const { value, labels = {}, metricName } = found
  if (!isRecord(labels) || !(metricName === undefined || isName(metricName))) return []
  const pairs = Object.entries(labels).filter(([name]) => LABEL.test(name))
  return [
    {
      value: typeof value === 'number' ? value : Number.NaN,
      labels: Object.fromEntries(pairs.map(([name, text]) => [name, String(text)])),
      ...(metricName !== undefined && { metricName }),
    },
  ]
}

function isName(found: unknown): found is string {
  return typeof found === 'string' && NAME.test(found)
}

function isType(found: unknown): found is MetricType {
  return TYPES.has(found)
}

function isRecord(found: unknown): found is Readonly<Record<string, unknown>> {
  return typeof found === 'object' && found !== null
}
