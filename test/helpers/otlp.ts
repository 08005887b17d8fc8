import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import { until } from './until.js'

/** One metric with its points, as OTLP has it in JSON (opentelemetry-proto, metrics.proto). */
interface MetricJson {
  readonly name: string
  readonly unit: string
  readonly description: string
  readonly sum?: { isMonotonic: boolean; aggregationTemporality: number; dataPoints: PointJson[] }
  readonly gauge?: { dataPoints: PointJson[] }
  readonly histogram?: { aggregationTemporality: number; dataPoints: PointJson[] }
}
interface PointJson {
  readonly attributes: readonly AttributeJson[]
  readonly startTimeUnixNano?: string
  readonly timeUnixNano: string
  readonly asInt?: number | string
  readonly asDouble?: number
  readonly count?: number | string
  readonly sum?: number
  readonly bucketCounts?: readonly (number | string)[]
  readonly explicitBounds?: readonly number[]
}
interface AttributeJson {
  readonly key: string
  readonly value: { stringValue?: string; intValue?: number | string; doubleValue?: number }
}

/** What one request has brought. */
export class Export {
  readonly headers: IncomingHttpHeaders
  readonly resource: Readonly<Record<string, unknown>>
  readonly scope: { readonly name: string; readonly version: string }
  readonly metrics: ReadonlyMap<string, MetricJson>

  constructor(headers: IncomingHttpHeaders, body: string) {
    const [of] = JSON.parse(body).resourceMetrics
    const [{ scope, metrics }] = of.scopeMetrics
    this.headers = headers
    this.resource = attributesOf(of.resource)
    this.scope = scope
    this.metrics = new Map(metrics.map((metric: MetricJson) => [metric.name, metric]))
  }

  points(name: string): readonly PointJson[] {
    const metric = this.metrics.get(name)
    return (metric?.sum ?? metric?.gauge ?? metric?.histogram)?.dataPoints ?? []
  }

  /** The value of the only point with these attributes, or of the only point. */
  value(name: string, attributes: Readonly<Record<string, unknown>> = {}): number {
    const wanted = Object.entries(attributes)
    const [point, ...others] = this.points(name).filter(each => {
      const found = attributesOf(each)
      return wanted.every(([key, value]) => found[key] === value)
    })
    if (!point || others.length > 0) return Number.NaN
    return Number(point.asInt ?? point.asDouble ?? point.count)
  }

  get instance(): string {
    return String(this.resource['service.instance.id'])
  }
}

export function attributesOf({ attributes }: { attributes: readonly AttributeJson[] }): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.doubleValue ?? (value.intValue === undefined ? undefined : Number(value.intValue)),
    ]),
  )
}

/** What becomes of a request: it is answered with that status, or never. */
export type Mood = number | 'silent'

/** A collector that notes what it gets in JSON, and of what is no JSON the media type. */
export class Collector {
  readonly exports: Export[] = []
  readonly types: string[] = []
  mood: Mood = 200
  readonly env: Readonly<Record<string, string>>
  readonly #held: ServerResponse[] = []

  private constructor(port: number) {
    this.env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_METRIC_EXPORT_INTERVAL: '1000' }
  }

  static async start(t: Test): Promise<Collector> {
    const server = createServer(async (req, res) => {
      const pieces: Buffer[] = []
      for await (const piece of req) pieces.push(piece)
      const type = req.headers['content-type'] ?? ''
      collector.types.push(type)
      if (collector.mood === 'silent') return void collector.#held.push(res)
      if (collector.mood === 200 && type === 'application/json') {
        collector.exports.push(new Export(req.headers, Buffer.concat(pieces).toString()))
      }
      res.writeHead(collector.mood, { 'Content-Type': type }).end(type === 'application/json' ? '{}' : '')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const collector = new Collector((server.address() as AddressInfo).port)
    atEnd(t, () => {
      server.close()
      server.closeAllConnections()
    })
    return collector
  }

  /** Waits for an export. */
  async export(what: string, isIt: (found: Export) => boolean): Promise<Export> {
    let found: Export | undefined
    await until(what, () => {
      found = this.exports.find(isIt)
      return found !== undefined
    })
    if (!found) throw new Error(`no export: ${what}`)
    return found
  }
}
