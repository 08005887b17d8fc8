import t from 'tap'
import { Client } from '../helpers/http.js'
import { residentOf } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'

const MB = 2 ** 20

/** Of 150 MB, takes all and frees all but every sixteenth piece: glibc cannot give back what lies between these. */
const APP = `import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
// What the first one finds, V8 frees behind it, in another thread; the second one waits for that.
const gc = async () => {
  collect()
  await new Promise(setImmediate)
  collect()
}
let kept = []
export async function application(environ, startResponse) {
  await gc()
  const { arrayBuffers: before } = process.memoryUsage()
  let pieces = Array.from({ length: 2400 }, () => Buffer.alloc(64 * 1024, 1))
  const { rss: most } = process.memoryUsage()
  kept = pieces.filter((_, i) => i % 16 === 0)
  pieces = undefined
  await gc()
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return [JSON.stringify({ before, most })]
}
`

t.test('a worker keeps no memory that it does not use', async t => {
  const server = await startServer(t, { app: APP, args: ['--timeout', '4s', '--http-engine', 'native'] })
  const pid = server.worker()
  const { before, most } = JSON.parse((await new Client(t, server.target).get()).body)
  t.ok(before < MB / 2, `no buffers from its start: ${before} bytes`)
  t.ok(most > 180 * MB, `it had ${most / MB} MB`)
  await t.resolves(until('much of it is given back', () => residentOf(pid) < most - 100 * MB))
})
