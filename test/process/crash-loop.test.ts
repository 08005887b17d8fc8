import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello, mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { descriptorsOf, killAndWait } from '../helpers/process.js'
import { connectRaw, head } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'

/** Up to a quarter of jitter is added to each pause. */
const JITTER = 1.25

t.test('a worker that keeps dying is restarted ever later; the others and their clients notice nothing', async t => {
  const args = ['--restart-backoff', '40ms..160ms']
  const server = await startServer(t, { workers: 2, args, expectErrors: [messages.exited, messages.appLoadFailed] })
  const load = new Load(new Client(t, server.target), { concurrency: 2 })
  const isFirst = ({ msg, worker }: { msg: string; worker?: unknown }) => messages.ready.test(msg) && worker === 1
  const broken = Number((await server.log(isFirst)).workerPid)
  const [healthy = 0] = server.workers().filter(pid => pid !== broken)
  const before = descriptorsOf(server.pid).size
  writeFileSync(join(server.cwd, 'app.js'), 'throw new Error("broken on purpose")')
  // It closes its own connections as it goes; a kill would take requests with it.
  process.kill(broken, 'SIGTERM')
  const isDeath = ({ msg, reason }: { msg: string; reason?: unknown }) =>
    messages.exited.test(msg) && reason === 'boot-failed'
  await server.log(isDeath, { count: 5 })
  const deaths = server.logged(isDeath).slice(0, 5)
  t.same(
    deaths.map(({ worker, level }) => [worker, level]),
    deaths.map(() => [1, 'error']),
    'one index alone, and each time the log says so',
  )
  const pauses = deaths.map(({ pause = 0 }) => Number(pause))
  for (const [place, least] of [40, 80, 160, 160].entries()) {
    const pause = pauses[place] ?? 0
    t.ok(pause >= least && pause <= least * JITTER, `pause ${place + 1}: ${pause} ms`)
  }
  writeFileSync(join(server.cwd, 'app.js'), hello)
  await server.ready(3)
  t.same(await load.stop(), [])
  t.ok(server.workers().includes(healthy))
  await until('descriptors as before', () => descriptorsOf(server.pid).size === before)
})

t.test('with all workers dead, connections wait for the next one', async t => {
  const args = ['--restart-backoff', '50ms..50ms']
  const server = await startServer(t, { args, expectErrors: [messages.exited, messages.appLoadFailed] })
  writeFileSync(join(server.cwd, 'app.js'), 'throw new Error("broken on purpose")')
  await killAndWait(server.worker())
  await server.log(messages.appLoadFailed, { count: 2 })
  const answers = new Client(t, server.target).many(10)
  await server.log(messages.appLoadFailed, { count: 4 })
  writeFileSync(join(server.cwd, 'app.js'), hello)
  t.same(
    (await answers).map(({ status }) => status),
    Array.from({ length: 10 }, () => 200),
  )
})

t.test('a worker that is killed takes its own connections with it and no other', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: mischief, env: holds.env, workers: 2, expectErrors: [messages.exited] })
  const client = new Client(t, server.target)
  // More than one worker holds of its own accord.
  const names = Array.from({ length: 12 }, (_, i) => `request-${i}`)
  const raws = await Promise.all(
    names.map(async name => {
      const raw = await connectRaw(t, server.target)
      raw.write(head(`/hold/${name}`, ['Connection: close']))
      await holds.arrival(name)
      return raw
    }),
  )
  const [victim = 0] = server.workers()
  await killAndWait(victim)
  await server.log(messages.exited)
  for (const name of names) holds.release(name)
  const texts = await Promise.all(raws.map(raw => raw.all()))
  const answered = texts.filter(text => text.startsWith('HTTP/1.1 200'))
  t.ok(answered.length > 0 && answered.length < names.length, `${answered.length} of ${names.length} answered`)
  t.notOk(
    answered.some(text => text.endsWith(String(victim))),
    'by the other worker',
  )
  t.equal(texts.filter(text => text === '').length, names.length - answered.length)
  await server.ready(3)
  t.equal((await client.get()).status, 200)
})

t.test('twenty kills one after the other leave no descriptor behind', async t => {
  const args = ['--restart-backoff', '1ms..1ms']
  const server = await startServer(t, { workers: 4, args, expectErrors: [messages.exited] })
  const before = descriptorsOf(server.pid).size
  for (let ready = 8; ready <= 24; ready += 4) {
    for (const pid of server.workers()) process.kill(pid, 'SIGKILL')
    await server.ready(ready)
  }
  await until('descriptors as before', () => descriptorsOf(server.pid).size === before)
  t.equal(server.logged(messages.exited).length, 20)
})
