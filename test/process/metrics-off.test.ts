import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { descriptorsOf } from '../helpers/process.js'
import { type ServerOptions, startServer } from '../helpers/server.js'

/** Runs first in the arbiter and in each worker, and notes at the end what was loaded. */
const PRELOAD = `
const { writeFileSync } = require('node:fs')
const directory = process.cwd()
process.on('exit', () => {
  const loaded = { files: Object.keys(require.cache), own: process.moduleLoadList }
  writeFileSync(directory + '/loaded-' + process.pid + '.json', JSON.stringify(loaded))
})
`
const SHOWS =
  /dist\/(bin\/(serve|otlp-thread)\.cjs|lib\/control\/)|node_modules\/(prom-client|hot-shots|@opentelemetry)\//
/** Node's own, in the arbiter. */
const WHAT_SENDS = /^NativeModule _http_server$/

/** What could show the server, among what its arbiter and its worker have loaded, and how many sockets each has. */
async function life(t: Test, options: Pick<ServerOptions, 'args' | 'env'>) {
  const server = await startServer(t, {
    files: { 'preload.cjs': PRELOAD },
    nodeArgs: ['--require', './preload.cjs'],
    ...options,
  })
  const pids = [server.pid, server.worker()]
  const sockets = pids.map(
    pid => [...descriptorsOf(pid)].filter(([fd, to]) => fd > 2 && to.startsWith('socket:')).length,
  )
  t.match(await server.stop(), { code: 0 })
  const loaded = pids.map(pid => JSON.parse(readFileSync(join(server.cwd, `loaded-${pid}.json`), 'utf8')))
  return {
    sockets,
    files: loaded.map(({ files }) => files.filter((file: string) => SHOWS.test(file))),
    own: loaded[0].own.filter((name: string) => WHAT_SENDS.test(name)),
  }
}

t.test('what is off loads nothing and opens nothing', async t => {
  const off = await life(t, {})
  t.same(off.files, [[], []])
  t.same(off.own, [])
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' }
  t.same(await life(t, { env }), off, 'turned off')
  const on = await life(t, { args: ['--metrics-bind', '127.0.0.1:0'] })
  t.match(on.files, [[/serve\.cjs$/], []])
  t.ok(
    on.sockets.every((count, place) => count > (off.sockets[place] ?? 0)),
    'which the test would see',
  )
})
