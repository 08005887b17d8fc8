import { EXPORTERS, type Protocol } from './packages.js'

type Environment = Readonly<Record<string, string | undefined>>
type Warn = (sentence: string) => void

/** What OpenTelemetry's SDK leaves to those who set it up. Times in milliseconds. */
export interface OtlpOptions {
  /** Undefined if it is not said. */
  readonly protocol: Protocol | undefined
  readonly interval: number
  readonly timeout: number
}

/** Workers report once a second. */
const INTERVAL = { name: 'OTEL_METRIC_EXPORT_INTERVAL', least: 1000, standard: 60_000 }
const TIMEOUT = { name: 'OTEL_METRIC_EXPORT_TIMEOUT', least: 1, standard: 30_000 }
/** Of a timer. */
const LONGEST = 2 ** 31 - 1
/** The first one that is set counts. */
const PROTOCOLS = ['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']

/**
 * Reads OpenTelemetry's variables.
 * @param warn  gets a sentence about each value that cannot be used: such a variable counts as not set, as
 * OpenTelemetry's specification wants it
 */
export function optionsIn(env: Environment, warn: Warn): OtlpOptions {
  const interval = milliseconds(INTERVAL, env, warn)
  return { protocol: protocolIn(env, warn), interval, timeout: Math.min(interval, milliseconds(TIMEOUT, env, warn)) }
}

function milliseconds({ name, least, standard }: typeof INTERVAL, env: Environment, warn: Warn): number {
  const text = env[name]
  if (!text) return standard
  const value = Number(text)
  if (value >= least && value <= LONGEST) return value
  warn(`${name}: found ${text}, wanted milliseconds, at least ${least}; ${standard} are taken`)
  return standard
}

function protocolIn(env: Environment, warn: Warn): Protocol | undefined {
  const name = PROTOCOLS.find(each => env[each])
  const text = name && env[name]
  if (!text) return undefined
  if (isProtocol(text)) return text
  warn(`${name}: found ${text}, wanted ${Object.keys(EXPORTERS).join(', ')}; it counts as not set`)
  return undefined
}

function isProtocol(text: string): text is Protocol {
  return Object.hasOwn(EXPORTERS, text)
}
