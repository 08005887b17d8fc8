import t from 'tap'
import { optionsIn } from '../../lib/control/otlp/options.js'

const STANDARD = { protocol: undefined, interval: 60_000, timeout: 30_000 }

type Case = readonly [env: Record<string, string>, options: Partial<typeof STANDARD> | object, warnings: RegExp[]]

const CASES: readonly Case[] = [
  [{}, {}, []],
  [{ OTEL_METRIC_EXPORT_INTERVAL: '5000' }, { interval: 5000, timeout: 5000 }, []],
  [{ OTEL_METRIC_EXPORT_INTERVAL: '90000', OTEL_METRIC_EXPORT_TIMEOUT: '100' }, { interval: 90_000, timeout: 100 }, []],
  [
    { OTEL_METRIC_EXPORT_INTERVAL: '1' },
    {},
    [/^OTEL_METRIC_EXPORT_INTERVAL: found 1, wanted milliseconds, at least 1000/],
  ],
  [{ OTEL_METRIC_EXPORT_INTERVAL: '' }, {}, []],
  [{ OTEL_METRIC_EXPORT_INTERVAL: '1e12' }, {}, [/found 1e12/]],
  [{ OTEL_METRIC_EXPORT_TIMEOUT: 'soon' }, {}, [/^OTEL_METRIC_EXPORT_TIMEOUT: found soon/]],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, { protocol: 'grpc' }, []],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'udp' },
    {},
    [/^OTEL_EXPORTER_OTLP_PROTOCOL: found udp, wanted http\/protobuf, http\/json, grpc/],
  ],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json' },
    { protocol: 'http/json' },
    [],
  ],
]

t.test("OpenTelemetry's variables: what cannot be used counts as not set, with a warning", async t => {
  for (const [env, options, warnings] of CASES) {
    const found: string[] = []
    t.same(
      optionsIn(env, sentence => found.push(sentence)),
      { ...STANDARD, ...options },
      JSON.stringify(env),
    )
    t.match(found, warnings)
    t.equal(found.length, warnings.length)
  }
})
