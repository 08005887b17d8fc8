import { parentPort, workerData } from 'node:worker_threads'
import type { CollectionResult, MetricProducer, PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { toError } from '../../errors.js'
import { metricData } from './metric-data.js'
import { loadPackages, type Packages } from './packages.js'
import type { FromThread, OtlpData, Reading, ToThread } from './protocol.js'
import { countedSince } from './since.js'

/*
 * A thread of the arbiter, in which OpenTelemetry's packages run: what they do costs the arbiter's event loop nothing,
 * what they throw does not reach it, and their globals are not those of the user's config file.
 */

const data = workerData as OtlpData // from `Otlp`
let onReading: (reading: Reading) => void = () => {}
/** The last one: this is to end. */
let final: Reading | undefined

function tell(message: FromThread): void {
  parentPort?.postMessage(message)
}

async function read(): Promise<Reading> {
  if (final) return final
  return new Promise(resolve => {
    onReading = resolve
    tell({ type: 'collect' })
  })
}

/** Bridges the server's figures to the SDK, whose instruments would have to see each request. */
class Producer implements MetricProducer {
  readonly #packages: Packages
  readonly #isDelta: boolean
  #before: Reading

  constructor(packages: Packages, exporter: PushMetricExporter) {
    const { AggregationTemporality, InstrumentType } = packages.sdk
    const temporality = exporter.selectAggregationTemporality?.(InstrumentType.COUNTER)
    this.#packages = packages
    this.#isDelta = temporality === AggregationTemporality.DELTA
    this.#before = this.#isDelta ? data.last : data.baseline
  }

  async collect(): Promise<CollectionResult> {
    const reading = await read()
    const { at: start, measures: before } = this.#before
    const metrics = countedSince(before, reading.measures).map(measure => {
      const span = { start: measure.kind === 'sum' ? data.baseline.at : start, end: reading.at }
      return metricData(this.#packages, measure, span, this.#isDelta)
    })
    if (this.#isDelta) this.#before = reading
    const scopeMetrics = [{ scope: { name: 'unicorn', version: data.version }, metrics }]
    return { resourceMetrics: { resource: this.#packages.resources.emptyResource(), scopeMetrics }, errors: [] }
  }
}

/** Tells each result of an export, before the SDK gets it. */
function observed(exporter: PushMetricExporter): PushMetricExporter {
  const send = exporter.export.bind(exporter)
  exporter.export = (metrics, done) =>
    send(metrics, result => {
      tell({
        type: 'sent',
        ...(result.code !== 0 && { why: result.error?.message || 'the exporter does not say why' }),
      })
      done(result)
    })
  return exporter
}

function start(packages: Packages): void {
  const { api, sdk, resources, name } = packages
  const notice = (...words: unknown[]): void => tell({ type: 'notice', text: words.map(String).join(' ') })
  const ignore = (): void => {}
  // Its errors are those of exports, which are told of anyway.
  const logger = { error: ignore, warn: notice, info: ignore, debug: ignore, verbose: ignore }
  api.diag.setLogger(logger, api.DiagLogLevel.WARN)
  const exporter = observed(new packages.exporter.OTLPMetricExporter())
  const { defaultResource, resourceFromAttributes, detectResources, envDetector, hostDetector } = resources
  const provider = new sdk.MeterProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes(data.resource))
      .merge(detectResources({ detectors: [hostDetector, envDetector] })),
    readers: [
      new sdk.PeriodicExportingMetricReader({
        exporter,
        exportIntervalMillis: data.interval,
        exportTimeoutMillis: data.timeout,
        metricProducers: [new Producer(packages, exporter)],
      }),
    ],
  })
  parentPort?.on('message', ({ reading, isLast }: ToThread) => {
    if (isLast) final = reading
    onReading(reading)
    if (!isLast) return
    const ended = (): void => tell({ type: 'ended' })
    void provider.shutdown().then(ended, ended)
  })
  tell({ type: 'started', exporter: name })
}

try {
  const packages = loadPackages(data.directory, data.protocol)
  if (packages) start(packages)
  else tell({ type: 'missing' })
} catch (error) {
  tell({ type: 'failed', why: toError(error).message })
}
