import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as Api from '@opentelemetry/api'
import type * as Resources from '@opentelemetry/resources'
import type * as Sdk from '@opentelemetry/sdk-metrics'
import { errorCode } from '../../errors.js'

/** The package of each protocol of OTLP, which the user installs; it brings the others. */
export const EXPORTERS = {
  'http/protobuf': '@opentelemetry/exporter-metrics-otlp-proto',
  'http/json': '@opentelemetry/exporter-metrics-otlp-http',
  grpc: '@opentelemetry/exporter-metrics-otlp-grpc',
} as const

export type Protocol = keyof typeof EXPORTERS

/** They have ports of their own, so that one cannot stand in for the other. */
const UNLESS_SAID: readonly Protocol[] = ['http/protobuf', 'http/json']
/** It has all of them among its own. */
const WHOLE_SDK = '@opentelemetry/sdk-node'

export interface Packages {
  readonly name: string
  readonly exporter: { readonly OTLPMetricExporter: new () => Sdk.PushMetricExporter }
  readonly sdk: typeof Sdk
  readonly resources: typeof Resources
  readonly api: typeof Api
}

/**
 * Loads OpenTelemetry's packages as a module in a directory would.
 * @returns undefined if they are not there
 * @throws what they throw when they are loaded
 */
export function loadPackages(directory: string, protocol: Protocol | undefined): Packages | undefined {
  const names = (protocol ? [protocol] : UNLESS_SAID).map(each => EXPORTERS[each])
  const own = join(directory, 'package.json')
  const whole = find(WHOLE_SDK, own)
  for (const from of whole === undefined ? [own] : [own, whole]) {
    for (const name of names) {
      const file = find(name, from)
      if (file !== undefined) return loadFrom(name, file)
    }
  }
  return undefined
}

/** What the user has to install. */
export function wantedPackages(protocol: Protocol = 'http/protobuf'): string {
  return `@opentelemetry/api ${EXPORTERS[protocol]}`
}

function find(name: string, from: string): string | undefined {
  try {
    return createRequire(from).resolve(name)
  } catch (error) {
    if (errorCode(error) === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/** The SDK that the exporter itself uses: a second copy would have classes of its own. */
function loadFrom(name: string, file: string): Packages {
  const load = createRequire(file)
  const resources = load('@opentelemetry/resources')
  if (typeof resources.resourceFromAttributes !== 'function') {
    throw new Error(`found ${name} for release 1 of OpenTelemetry's SDK, wanted release 2`)
  }
  const [exporter, sdk, api] = [file, '@opentelemetry/sdk-metrics', '@opentelemetry/api'].map(each => load(each))
  return { name, exporter, sdk, resources, api }
}
