import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { connectRaw, head, type Raw } from '../helpers/raw.js'
import { requireCommand } from '../helpers/require-command.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

/** More than the kernel holds of a connection. */
const SIZE = 2 ** 25

/** An application that takes all descriptors. */
const GREEDY = `
import { closeSync, openSync } from 'node:fs'
const taken = []
export function application(environ, start) {
  start('200 OK', [])
  try {
    if (environ.PATH_INFO === '/take') for (;;) taken.push(openSync('/dev/null'))
  } catch (error) {
    return [error.code]
  }
  for (const fd of taken.splice(0)) closeSync(fd)
  return ['given back']
}
`

const CANNOT_OPEN = /^A static file cannot be opened$/
const CUT = /^A static file cannot be read, its response is cut$/

t.test('without descriptors files are answered with 503, and after that as ever', async t => {
  requireCommand(['prlimit', '--version'])
  const files = { 'public/small.txt': 'small', 'public/known.txt': 'known', 'public/large.bin': 'large'.repeat(50_000) }
  const server = await startServer(t, {
    app: GREEDY,
    files,
    args: ['--static', '/static=./public'],
    through: ['prlimit', '--nofile=256:256'],
    expectErrors: [CANNOT_OPEN],
  })
  const client = new Client(t, server.target, { keepAlive: true })
  t.equal((await client.get('/static/known.txt')).body, 'known')
  t.equal((await client.get('/take')).body, 'EMFILE')
  const [small, large] = [await client.get('/static/small.txt'), await client.get('/static/large.bin')]
  t.equal(small.status, 503, 'a small file that was not read before')
  t.equal(large.status, 503, 'a large one')
  t.match(await server.log(CANNOT_OPEN), { err: { code: 'EMFILE' } })
  t.equal((await client.get('/give')).body, 'given back')
  t.equal((await client.get('/static/small.txt')).body, 'small', 'nothing wrong is remembered')
  t.equal((await client.get('/static/large.bin')).body.length, 250_000)
  client.close()
})

/** A client that has the head of an answer, and reads no more. */
async function begin(t: Test, server: Server, path: string): Promise<Raw> {
  const raw = await connectRaw(t, server.target)
  raw.write(head(path, ['Connection: close']))
  await raw.until(/\r\n\r\n/)
  raw.socket.pause()
  return raw
}

async function bytesOf(raw: Raw): Promise<number> {
  raw.socket.resume()
  const text = await raw.all()
  return text.length - text.indexOf('\r\n\r\n') - 4
}

t.test('files that change while they are sent', async t => {
  const server = await startServer(t, {
    files: Object.fromEntries(['short', 'rewritten', 'replaced', 'grown'].map(name => [`public/${name}`, ''])),
    args: ['--static', '/static=./public', '--access-logfile', '-', '--access-logformat', '%(U)s %(B)s'],
    expectErrors: [CUT],
  })
  const pathOf = (name: string): string => join(server.cwd, 'public', name)
  const change: Readonly<Record<string, (path: string) => void>> = {
    short: path => truncateSync(path, 100),
    rewritten: path => writeFileSync(path, 'other bytes in the same place', { flag: 'r+' }),
    replaced: path => {
      writeFileSync(`${path}.new`, 'new')
      renameSync(`${path}.new`, path)
    },
    grown: path => appendFileSync(path, 'one more line'),
  }
  const sent: Record<string, number> = {}
  for (const [name, act] of Object.entries(change)) {
    truncateSync(pathOf(name), SIZE)
    const raw = await begin(t, server, `/static/${name}`)
    act(pathOf(name))
    sent[name] = await bytesOf(raw)
  }
  const { short = SIZE, rewritten = SIZE, replaced, grown } = sent
  t.ok(short < SIZE, 'a file that was cut short never looks complete')
  t.ok(rewritten < SIZE, 'nor one that was written anew in its place')
  t.equal(replaced, SIZE, 'one that was replaced is sent as it was')
  t.equal(grown, SIZE, 'and so is one that has grown')
  const why = (name: string) => ({ path: pathOf(name), level: 'error' })
  await server.log(CUT, { count: 2 })
  t.match(server.logged(CUT), [
    { ...why('short'), err: { message: 'it is shorter than it was when its response began' } },
    { ...why('rewritten'), err: { message: 'it was written anew while it was sent' } },
  ])
  t.equal((await new Client(t, server.target).get('/static/replaced')).body, 'new')
})

t.test('requestTimeout ends a download that takes too long', async t => {
  const server = await startServer(t, {
    files: { 'public/large.bin': '' },
    args: ['--static', '/static=./public', '--request-timeout', '1s', '--write-timeout', '0'],
  })
  truncateSync(join(server.cwd, 'public/large.bin'), SIZE)
  const raw = await begin(t, server, '/static/large.bin')
  t.match(await server.log(messages.requestTimeout), { path: '/static/large.bin' })
  t.ok((await bytesOf(raw)) < SIZE, 'and it does not look complete')
})
