import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { residentOf } from '../helpers/process.js'
import { startPython } from '../helpers/python.js'
import { connectRaw } from '../helpers/raw.js'
import type { Server } from '../helpers/server-process.js'

/** Requests that wait, in groups of which each is there before the next one comes. */
const REQUESTS = 10_000
const GROUP = 1000
/** Of ten, these leave before they had an answer. */
const LEAVES = 3
/** What a request that waits may cost its front, with its connection, in bytes. */
const MOST_MEMORY = 40_000

const APP = `
import os
import urllib.request

count = 0

def application(environ, start_response):
    global count
    path = environ['PATH_INFO']
    if path == '/hold':
        urllib.request.urlopen(os.environ['HOLDS'] + '/a').read()
    count += 1
    body = b'%s was number %d;' % (path.encode(), count)
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`

/** A client that has sent a request. */
interface Waiting {
  readonly socket: Socket
  readonly path: string
  readonly group: number
  /** Which number its request was, of all that Python has begun. */
  readonly number: Promise<number>
}

async function send(t: Test, server: Server, path: string, group: number): Promise<Waiting> {
  const socket = connect('port' in server.target ? server.target : { path: '' })
  atEnd(t, () => socket.destroy())
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  let text = ''
  const number = new Promise<number>((resolve, reject) => {
    socket.on('data', data => {
      text += data.toString('latin1')
      if (text.endsWith(';')) resolve(Number(new RegExp(`${path} was number (\\d+);$`).exec(text)?.[1]))
    })
    socket.on('error', () => {})
    socket.on('close', () => reject(new Error(`the connection of ${path} has ended after ${JSON.stringify(text)}`)))
  })
  number.catch(() => {})
  return { socket, path, group, number }
}

/** Resolves when the front has seen what was sent before: it answers this by itself. */
async function seen(t: Test, server: Server): Promise<void> {
  const raw = await connectRaw(t, server.target)
  raw.write('no request\r\n\r\n')
  t.match(await raw.all(), /^HTTP\/1\.1 400 /)
}

t.test(`${REQUESTS} requests wait for one process`, async t => {
  const holds = await startHolds(t)
  const server = await startPython(t, APP, {
    env: holds.env,
    args: ['--worker-connections', String(2 * REQUESTS), '--timeout', '10m'],
  })
  const held = new Client(t, server.target).get('/hold')
  await holds.arrival('a')
  const before = residentOf(server.worker())
  const waiting: Waiting[] = []
  for (let group = 0; group < REQUESTS / GROUP; group++) {
    const sent = Array.from({ length: GROUP }, (_, i) => send(t, server, `/${group}.${i}`, group))
    waiting.push(...(await Promise.all(sent)))
    await seen(t, server)
  }
  const each = Math.round((residentOf(server.worker()) - before) / REQUESTS)
  t.comment(`${each} bytes each`)
  t.ok(each < MOST_MEMORY, `one that waits costs ${each} bytes`)

  const leaves = waiting.filter((_, i) => i % 10 < LEAVES)
  const stay = waiting.filter((_, i) => i % 10 >= LEAVES)
  for (const { socket } of leaves) socket.resetAndDestroy()
  await seen(t, server)
  holds.release('a')
  t.match(await held, { status: 200, body: '/hold was number 1;' })
  const numbers = await Promise.all(stay.map(({ number }) => number))
  t.same([...numbers].sort((one, other) => one - other)[0], 2)
  t.equal(Math.max(...numbers), stay.length + 1, 'what has left was not begun')
  const groups = stay.map(({ group }, i) => [numbers[i] ?? 0, group] as const).sort(([one], [other]) => one - other)
  t.ok(
    groups.every(([, group], i) => group >= (groups[i - 1]?.[1] ?? 0)),
    'in the order in which they came',
  )
  // Those that have waited keep their connections.
  const [last] = stay.slice(-1)
  last?.socket.write('GET /again HTTP/1.1\r\nHost: a\r\n\r\n')
  const again = new Promise(resolve => last?.socket.once('data', data => resolve(data.toString('latin1'))))
  t.match(await again, new RegExp(`/again was number ${stay.length + 2};$`))
})
