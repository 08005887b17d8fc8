import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadPackages, wantedPackages } from '../../lib/control/otlp/packages.js'
import { testdir } from '../helpers/at-end.js'

const NAMES = '@opentelemetry'
const SDK = {
  [`${NAMES}/sdk-metrics/index.js`]: '',
  [`${NAMES}/api/index.js`]: '',
  [`${NAMES}/resources/index.js`]: 'exports.resourceFromAttributes = () => {}',
}
const [PROTO, HTTP] = ['proto', 'http'].map(kind => `${NAMES}/exporter-metrics-otlp-${kind}`)

/** A directory whose node_modules has these files; what it lacks is found in none above. */
function directoryWith(t: Test, files: Readonly<Record<string, string>>): string {
  return testdir(t, Object.fromEntries(Object.entries(files).map(([path, text]) => [`node_modules/${path}`, text])))
}

t.test('the exporter of the protocol, or without one the first that is there', async t => {
  const both = { ...SDK, [`${PROTO}/index.js`]: '', [`${HTTP}/index.js`]: '' }
  t.equal(loadPackages(directoryWith(t, both), undefined)?.name, PROTO)
  t.equal(loadPackages(directoryWith(t, both), 'http/json')?.name, HTTP)
  t.equal(loadPackages(directoryWith(t, both), 'grpc'), undefined)
})

t.test('the packages of a whole SDK, which lie within it', async t => {
  const whole = `${NAMES}/sdk-node`
  const inner = { ...SDK, [`${NAMES}/exporter-metrics-otlp-grpc/index.js`]: 'exports.where = __filename' }
  const files = Object.entries(inner).map(([path, text]) => [`${whole}/node_modules/${path}`, text])
  const directory = directoryWith(t, { [`${whole}/index.js`]: '', ...Object.fromEntries(files) })
  t.match(loadPackages(directory, 'grpc')?.exporter, { where: RegExp(`/sdk-node/node_modules/${NAMES}/`) })
})

t.test('what cannot be used is named', async t => {
  const old = { ...SDK, [`${NAMES}/resources/index.js`]: 'exports.Resource = class {}', [`${PROTO}/index.js`]: '' }
  t.throws(() => loadPackages(directoryWith(t, old), undefined), {
    message: `found ${PROTO} for release 1 of OpenTelemetry's SDK, wanted release 2`,
  })
  t.equal(loadPackages(join('/', 'nowhere'), undefined), undefined)
  t.equal(wantedPackages(), `@opentelemetry/api ${PROTO}`)
})
