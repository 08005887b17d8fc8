import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'

/** A script whose way to end is `end`, at TERM, or as it listens. */
function script(end: string, listen = "process.on('SIGTERM'"): string {
  return `
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const server = createServer((req, res) => res.end(String(process.pid))).listen(3000)
${listen}, async () => { ${end} })
`
}

const says = "console.error('has ended')"
const closes = 'await new Promise(resolve => server.close(resolve))'

/** Ways to end, each of which plain Node would let come to its end. */
const ways: Readonly<Record<string, string>> = {
  'something to do after its server': `${closes}; await sleep(50); ${says}`,
  'something to do before its server': `await sleep(50); ${closes}; ${says}`,
  'something to do beside its server': `server.close(); await sleep(50); ${says}`,
  'process.exit': `const busy = setInterval(() => {}, 1000); ${closes}; await sleep(50); ${says}; process.exit(0)`,
  'TERM to itself': `const busy = setInterval(() => {}, 1000); ${closes}; await sleep(50); ${says}; process.kill(process.pid)`,
}

for (const [name, end] of Object.entries(ways)) {
  t.test(`a script that ends itself: ${name}`, async t => {
    const server = await startServer(t, { app: script(end), spec: 'app.js' })
    t.same(await server.stop(), { code: 0, signal: null })
    t.equal(server.logged(/^has ended$/).length, 1)
    t.same(server.logged(messages.gracefulTimeout), [])
  })
}

const listens: Readonly<Record<string, string>> = {
  'for TERM, once': "process.once('SIGTERM'",
  'for INT alone, as PM2 sends it': "process.on('SIGINT'",
  'for INT alone, once': "process.once('SIGINT'",
  'for both': "for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal",
}

for (const [name, listen] of Object.entries(listens)) {
  t.test(`a script that listens ${name}, ends itself, and is asked once: by the server, by TERM alone`, async t => {
    const app = script(`${closes}; await sleep(50); ${says}`, listen)
    const server = await startServer(t, { app, spec: 'app.js', expectErrors: [messages.exited] })
    process.kill(server.worker(), 'SIGTERM')
    await server.log(messages.exited)
    t.equal(server.logged(/^has ended$/).length, 1)
    await server.ready(2)
    t.same(await server.stop(), { code: 0, signal: null })
    t.equal(server.logged(/^has ended$/).length, 2)
  })
}

t.test('one that never ends is ended at gracefulTimeout', async t => {
  const app = script(`setInterval(() => {}, 1000); ${closes}`)
  const server = await startServer(t, { app, spec: 'app.js', args: ['--graceful-timeout', '300ms'] })
  t.same(await server.stop(), { code: 0, signal: null })
  t.match(await server.log(messages.gracefulTimeout), { level: 'warn', msg: /the application has not ended/ })
})

t.test('the server stops while an old worker ends: that is not cut short', async t => {
  const holds = await startHolds(t)
  const app = script(`${closes}; await fetch(process.env.HOLDS + '/' + process.pid); ${says}`)
  const server = await startServer(t, { app, spec: 'app.js', env: holds.env })
  const old = server.worker()
  server.signal('SIGHUP')
  await holds.arrival(String(old))
  const [successor] = server.workers().filter(pid => pid !== old)
  server.signal('SIGTERM')
  await holds.arrival(String(successor))
  for (const pid of [old, successor]) holds.release(String(pid))
  t.same(await server.ended(), { code: 0, signal: null })
  t.equal(server.logged(/^has ended$/).length, 2)
})

t.test('listeners that end nothing are not waited for', async t => {
  const busy = 'setInterval(() => {}, 1000)'
  const onlookers = {
    'of signal-exit': `import { onExit } from 'signal-exit'\nonExit(() => {})\n${busy}\n${script('').replace(/process.on.*/, '')}`,
    'of an exported application': `${busy}\nprocess.on('SIGTERM', () => {})
      export const application = (environ, start) => { start('200 OK', []); return ['hello'] }`,
  }
  for (const [name, app] of Object.entries(onlookers)) {
    const server = await startServer(t, { app, spec: 'app.js', args: ['--graceful-timeout', '60s'] })
    t.match(await new Client(t, server.target).get('/'), { status: 200 })
    const [worker] = server.workers()
    await server.stop()
    await gone(Number(worker))
    t.same(server.logged(messages.gracefulTimeout), [], name)
  }
})
