import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { messages } from '../helpers/messages.js'
import { connectRaw, head } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'

/** /block/MS holds the event loop: for longer than an idle connection is kept. */
const APP = `export function application({ PATH_INFO }, startResponse) {
  if (PATH_INFO.startsWith('/block/')) {
    console.error('blocking')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(PATH_INFO.slice(7)))
  }
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return ['answered', PATH_INFO]
}
`
t.test('a request that came in time is answered, however late the event loop finds it', async t => {
  const server = await startServer(t, { app: APP, args: ['--keep-alive', '1'] })
  const [kept, blocking] = [await connectRaw(t, server.target), await connectRaw(t, server.target)]
  kept.write(head('/first'))
  t.match(await kept.until(/answered\/first/), /keep-alive: timeout=1/i)
  blocking.write(head('/block/4000'))
  await server.log(/^blocking/)
  kept.write(head('/second'))
  await kept.until(/answered\/second/)
  t.equal(await kept.ending, 'closed', 'and is closed when it was idle for long enough')
})

t.test('in a drain too', async t => {
  const server = await startServer(t, { app: APP, args: ['--keep-alive', '5'] })
  const [kept, blocking] = [await connectRaw(t, server.target), await connectRaw(t, server.target)]
  const drains = server.log(messages.drains)
  server.signal('SIGHUP')
  // While the new worker boots, however long that takes, neither connection is idle for long enough to be closed (5 s).
  for (let number = 0, isDraining = false; !isDraining; number++) {
    for (const raw of [kept, blocking]) {
      raw.write(head(`/${number}`))
      await raw.until(new RegExp(`answered/${number}\\b`))
    }
    isDraining = await Promise.race([drains.then(() => true), pause(3000, false)])
  }
  blocking.write(head('/block/8000'))
  await server.log(/^blocking/)
  kept.write(head('/second'))
  t.match(await kept.all(), /answered\/second/)
})
