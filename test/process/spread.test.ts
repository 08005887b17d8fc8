import t from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { isStopped } from '../helpers/process.js'
import { connectRaw, head, type Raw } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'

const WORKERS = 4
const CONNECTIONS = 32
/** The mean and a quarter, and one more. */
const MOST = (CONNECTIONS / WORKERS) * 1.25 + 1

/** What one worker has before the others get any, and how many more come then. */
const HELD = 12
const MORE = 40

/** The pid of the worker that has answered; the connection stays. */
async function ask(raw: Raw): Promise<number> {
  raw.write(head())
  const text = await raw.until(/\r\n\r\n\d+$/)
  return Number(text.split('\r\n\r\n')[1])
}

t.test('connections that stay, one after another, spread evenly', async t => {
  const server = await startServer(t, { workers: WORKERS })
  const load = new Map(server.workers().map(pid => [pid, 0]))
  for (let number = 0; number < CONNECTIONS; number++) {
    const pid = await ask(await connectRaw(t, server.target))
    load.set(pid, (load.get(pid) ?? 0) + 1)
  }
  t.equal(load.size, WORKERS)
  t.ok(Math.max(...load.values()) <= MOST, `at most ${MOST}: ${[...load.values()]}`)
})

t.test('connections that come all at once are all answered', async t => {
  const server = await startServer(t, { workers: WORKERS })
  const workers = server.workers()
  const raws = await Promise.all(Array.from({ length: CONNECTIONS }, () => connectRaw(t, server.target)))
  const pids = await Promise.all(raws.map(ask))
  t.equal(pids.length, CONNECTIONS)
  t.ok(pids.every(pid => workers.includes(pid)))
})

t.test('a worker that holds many leaves new connections to the others', async t => {
  const server = await startServer(t, { workers: WORKERS })
  const [first = 0, ...others] = server.workers()
  // Only the first can accept for now.
  for (const pid of others) process.kill(pid, 'SIGSTOP')
  atEnd(t, () => others.forEach(resume))
  await until('the others are stopped', () => others.every(isStopped))
  for (let number = 0; number < HELD; number++) t.equal(await ask(await connectRaw(t, server.target)), first)
  others.forEach(resume)
  let more = 0
  for (let number = 0; number < MORE; number++) {
    if ((await ask(await connectRaw(t, server.target))) === first) more++
  }
  t.ok(more < MORE / WORKERS, `${more} more: less than its share of them`)
})

function resume(pid: number): void {
  if (isStopped(pid)) process.kill(pid, 'SIGCONT')
}
