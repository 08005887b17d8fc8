import t, { type Test } from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

const APP = `
import { execFileSync, spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
console.log('loaded')
const acts = {
  '/print': () => {
    console.log('one\\ntwo')
    console.error('to stderr')
    writeSync(1, Buffer.from('not \\xff text\\n', 'latin1'))
    process.stdout.write('half a ')
    process.stdout.write('line\\n')
    process.stdout.write('bell \\x07 \\x1b[31mred\\x1b[0m\\n')
  },
  '/child': () => execFileSync('sh', ['-c', 'echo from a child; echo and its stderr >&2'], { stdio: 'inherit' }),
  '/long': () => writeSync(1, 'x'.repeat(60_000) + '\\n'),
  '/flood': () => {
    const lines = 'y\\n'.repeat(10_000)
    for (let i = 0; i < 20; i++) process.stdout.write(lines)
  },
  '/crash': () => {
    writeSync(2, 'last words without an end')
    process.abort()
  },
}
export function application(environ, startResponse) {
  acts[environ.PATH_INFO]?.()
  startResponse('200 OK', [])
  return ['done']
}
`

function start(t: Test, args: readonly string[], expectErrors: readonly RegExp[] = []): Promise<Server> {
  return startServer(t, { app: APP, args: ['--capture-output', ...args], expectErrors })
}

t.test('what workers print becomes records of the error log', async t => {
  const server = await start(t, ['--access-logfile', '-'], [messages.exited])
  const client = new Client(t, server.target)
  const worker = server.worker()
  await client.get('/print')
  for (const [text, stream] of [
    ['loaded', 'stdout'],
    ['one', 'stdout'],
    ['two', 'stdout'],
    ['to stderr', 'stderr'],
    ['not \ufffd text', 'stdout'],
    ['half a line', 'stdout'],
  ] as const) {
    const record = await server.log(new RegExp(`^${text}$`))
    t.match(record, { level: 'info', worker: 0, workerPid: worker, stream, pid: server.pid }, text)
  }
  await t.resolves(server.log(/^bell .*red/))
  await client.get('/child')
  t.match(await server.log(/^from a child$/), { workerPid: worker, stream: 'stdout' })
  t.match(await server.log(/^and its stderr$/), { workerPid: worker, stream: 'stderr' })
  await client.get('/long')
  t.equal((await server.log(/^x{60000}$/)).workerPid, worker)
  await t.resolves(server.stdout.wait(/"GET \/print /), 'the access log goes to standard output')
  t.notOk(
    server.stdout.lines.some(({ msg }) => !String(msg).includes('HTTP/1.1')),
    'and nothing else does',
  )
  await t.rejects(client.get('/crash'))
  t.match(await server.log(/^last words without an end/), { workerPid: worker, stream: 'stderr' })
  await server.log(messages.exited)
  const order = server.logged(/^last words|^Worker exited/).map(({ msg }) => msg)
  t.match(order, [/^last words/, /^Worker exited/], 'before its end is told')
})

t.test('a flood holds up neither the worker nor the arbiter, and is cut', async t => {
  const server = await start(t, [])
  const client = new Client(t, server.target)
  const begun = performance.now()
  t.equal((await client.get('/flood')).body, 'done')
  t.ok(performance.now() - begun < 20_000)
  t.equal((await client.get('/')).body, 'done')
  server.signal('SIGTTIN')
  await server.ready(2)
  server.signal('SIGTERM')
  t.equal((await server.ended()).code, 0)
  const recorded = server.logged(/^y$/).length
  const dropped = server.logged(/lines of a worker are not recorded/)
  const sum = dropped.reduce((sum, { dropped }) => sum + Number(dropped), recorded)
  t.equal(sum, 200_000, `${recorded} recorded, the others are counted`)
  t.ok(recorded >= 4999 && dropped.length > 0)
})
