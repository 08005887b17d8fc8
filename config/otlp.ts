import type { Decision } from './setting.js'

type Environment = Readonly<Record<string, string | undefined>>

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const

/**
 * Whether OpenTelemetry's variables want metrics to be sent by OTLP: an endpoint is named, and nothing turns that off
 * (OpenTelemetry, "Environment Variable Specification").
 * @returns undefined if they have nothing to say about it
 */
export function decideOtlp(env: Environment): Decision | undefined {
  const switches = ['OTEL_SDK_DISABLED', 'OTEL_METRICS_EXPORTER'] as const
  const off = switches.find(name => isOff[name](env[name] ?? ''))
  const name = off ?? ENDPOINTS.find(each => env[each])
  return name && { name, value: String(off === undefined) }
}

const isOff = {
  OTEL_SDK_DISABLED: (value: string) => value.trim().toLowerCase() === 'true',
  /** A list, of what else there is for other exporters than that of OTLP. */
  OTEL_METRICS_EXPORTER: (value: string) => value.trim() !== '' && !/(^|,)\s*otlp\s*(,|$)/.test(value),
}
