import t from 'tap'
import { makeCertificate } from '../helpers/certificates.js'
import { startHolds } from '../helpers/holds.js'
import { Http2Client, replyOn } from '../helpers/http2-client.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'
import { startUpgrade } from '../helpers/upgrade.js'

/** Says which arbiter has answered. */
const APP = `
export const application = async (environ, start) => {
  if (environ.PATH_INFO !== '/') await fetch(process.env.HOLDS + environ.PATH_INFO)
  start('200 OK', [])
  return [String(process.ppid)]
}
`
/** Clients with a session each, and the requests that each of them has under way. */
const CLIENTS = 2
const CONCURRENCY = 3
const SOME = 40

const directory = shortDir(t)
const own = makeCertificate(directory, { name: 'localhost' })
const ARGS = ['--certfile', own.cert, '--keyfile', own.key, '--http2', '--interface', 'wsgi']

for (const workerClass of ['async', 'sync']) {
  t.test(`HUP and USR2 under load, ${workerClass}: no request fails`, async t => {
    const server = await startServer(t, { app: APP, workers: 2, args: [...ARGS, '-k', workerClass] })
    const loads = Array.from({ length: CLIENTS }, () => {
      return new Load(new Http2Client(t, server), { concurrency: CONCURRENCY })
    })
    const served = (): number => loads.reduce((sum, { replies }) => sum + replies.length, 0)
    const serveSome = (): Promise<void> => {
      const enough = served() + SOME
      return until(`${SOME} more requests are served`, () => served() >= enough)
    }
    await serveSome()
    server.signal('SIGHUP')
    await server.log(messages.reloaded)
    await serveSome()
    const successor = await startUpgrade(t, server)
    const answered = (): boolean => loads.every(({ replies }) => replies.at(-1)?.pid === successor)
    await until('the new arbiter serves', async () => (await new Http2Client(t, server).get()).pid === successor)
    server.signal('SIGTERM')
    await server.log(messages.shutDown)
    await until('all clients are served by it', answered)
    const failures = await Promise.all(loads.map(load => load.stop()))
    t.same(failures.flat(), [], 'no request has failed')
  })
}

t.test('maxRequests, and a stop while requests are under way', async t => {
  const holds = await startHolds(t)
  const args = [...ARGS, '--max-requests', '20']
  const server = await startServer(t, { app: APP, args, env: holds.env })
  const client = new Http2Client(t, server)
  const load = new Load(client, { concurrency: CONCURRENCY })
  await until('two workers have asked their client to leave', () => client.sessions > 2)
  t.same(await load.stop(), [], 'no request has failed')
  const held = ['a', 'b', 'c'].map(name => replyOn(client.open(`/${name}`)))
  for (const name of ['a', 'b', 'c']) await holds.arrival(name)
  server.signal('SIGTERM')
  await server.log(messages.drains)
  for (const name of ['a', 'b', 'c']) holds.release(name)
  for (const { status } of await Promise.all(held)) t.equal(status, 200)
  t.same(await server.exit, { code: 0, signal: null })
})

t.test('a worker that is killed takes its sessions along, and no others', async t => {
  const server = await startServer(t, { app: APP, args: ARGS, expectErrors: [messages.exited] })
  const client = new Http2Client(t, server)
  t.equal((await client.get('/')).status, 200)
  const { session } = client
  const after = server.lines.at(-1)
  process.kill(server.worker(), 'SIGKILL')
  await until('the session has ended', () => session.destroyed)
  await server.log(messages.ready, after && { after })
  t.equal((await client.get('/')).status, 200, 'a new session is served')
})
