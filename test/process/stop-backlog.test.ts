import t from 'tap'
import { mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { handling } from '../helpers/messages.js'
import { connectRaw, head } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'

const QUEUED = 50

for (const kind of ['tcp', 'unix'] as const) {
  t.test(`${kind}: connections that were queued when the stop came are answered`, async t => {
    const holds = await startHolds(t)
    const bind = kind === 'tcp' ? '127.0.0.1:0' : `unix:${shortDir(t)}/app.sock`
    const server = await startServer(t, { app: mischief, env: holds.env, bind, args: ['--worker-class', 'sync'] })
    const running = await connectRaw(t, server.target)
    running.write(head('/hold/a'))
    await holds.arrival('a')
    // The only worker is busy: these are in the kernel's queue.
    const queued = await Promise.all(Array.from({ length: QUEUED }, () => connectRaw(t, server.target)))
    for (const raw of queued) raw.write(head())
    server.signal('SIGTERM')
    await server.log(handling('term'))
    holds.release('a')
    for (const raw of [running, ...queued]) t.match(await raw.all(), /^HTTP\/1\.1 200 OK\r\n/)
    t.same([...new Set(await Promise.all(queued.map(({ ending }) => ending)))], ['closed'])
    t.same(await server.ended(), { code: 0, signal: null })
  })
}
