import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../gateway/fuzz/random.js'
import { randomConnection } from '../../http/fuzz/connections.js'
import type { BadConnection } from './bad-connection.js'

/** A kind of bad client, which ends by itself, by a limit of the server at the latest. */
export interface BadKind {
  readonly name: string
  /** What may come of it: the status of its first answer, or `closed` if none came. */
  readonly wanted: RegExp
  /** In bytes, its answer is larger than this: with less of it, its end is `cut`. */
  readonly wants?: number
  act(connection: BadConnection, random: Random): Promise<void> | void
}

/** The server's limits that these clients run into. */
export const BAD_CLIENT_ARGS = [
  ...['--header-timeout', '2s', '--body-timeout', '3s', '--write-timeout', '3s'],
  ...['--limit-request-body', '2mb', '--limit-request-heads', '128kb'],
]
/** For how long a reader stops, in milliseconds: longer than a client may take nothing. */
const READER_STOPS = 8000
/** More than the sockets of both sides take while nothing is read, in bytes. */
const LARGEST = 5_000_000
const LARGE = [`/whole/${LARGEST}`, `/stream/${6 * LARGEST}`] as const

const ANY = /^(closed|\d+)$/
const HOST = 'Host: soak\r\n'
const CHUNKED = `Transfer-Encoding: chunked\r\n${HOST}\r\n`
const post = (path: string, length: number): string =>
  `POST ${path} HTTP/1.1\r\n${HOST}Content-Length: ${length}\r\n\r\n`
const get = (path: string): string => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`

/** What reads the body of a request, in one way or the other. */
const READERS = ['/echo', '/through', '/whole/100'] as const

/** What a connection has carried so far when its client goes. */
const STATES = [
  '',
  'GE',
  `GET / HTTP/1.1\r\n${HOST}`,
  post('/echo', 1000),
  `${post('/through', 1000)}abc`,
  `POST /through HTTP/1.1\r\n${CHUNKED}5\r\nab`,
  `${post('/echo', 5)}abcde`,
  get('/late/1000'),
  get('/stream/1000000'),
  get('/whole/1000000'),
  get('/whole/10').repeat(3),
  `${get('/whole/10')}GET /`,
  'nonsense\r\n\r\n',
  `POST /echo HTTP/1.1\r\n${CHUNKED}x\r\n`,
] as const

const LARGE_HEADS = [
  `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n`,
  `GET / HTTP/1.1\r\n${HOST}X: ${'a'.repeat(100_000)}\r\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST}${'X: y\r\n'.repeat(3000)}\r\n`,
  'a'.repeat(100_000),
] as const

const BAD_CHUNKS = [
  'x\r\n',
  '5\r\nabcdef\r\n',
  '5\r\nabcde5\r\n',
  '-5\r\nabcde\r\n',
  '5\nabcde\n',
  '5 \r\nabcde\r\n',
  '0x5\r\nabcde\r\n',
  '5;a=\x01\r\nabcde\r\n',
  '5\r\nabcde\r\n0\r\nHost: a\r\n\r\n',
  '5\r\nabcde\r\n0\r\nno colon\r\n\r\n',
  'fffffffffffffffff\r\nabcde\r\n',
] as const

export const BAD_KINDS: readonly [BadKind, ...BadKind[]] = [
  {
    name: 'random bytes',
    wanted: ANY,
    act: async (connection, random) => {
      const bytes = randomConnection(random)
      const at = random.chance(0.5) ? random.whole(0, bytes.length) : bytes.length
      connection.write(bytes.slice(0, at))
      await pause(random.whole(0, 50))
      connection.write(bytes.slice(at))
      await pause(random.whole(0, 50))
      if (random.chance(0.2)) connection.reset()
      else if (random.chance(0.3)) connection.socket.end()
    },
  },
  {
    name: 'a head that never ends',
    wanted: /^(408|closed)$/,
    act: (connection, random) => {
      if (random.chance(0.3)) return connection.write(random.pick(['', 'P', 'GET / HT', `GET / HTTP/1.1\r\n${HOST}`]))
      connection.write('GET / HTTP/1.1\r\n')
      return connection.drip(turn => `X-${turn}: a\r\n`, random.whole(50, 400))
    },
  },
  {
    name: 'large heads that never end',
    wanted: /^(408|431|closed)$/,
    act: (connection, random) => {
      const fields = Array.from({ length: random.whole(1, 10) }, (_, i) => `X-${i}: ${'a'.repeat(8000)}\r\n`)
      connection.write(`GET / HTTP/1.1\r\n${HOST}${fields.join('')}`)
    },
  },
  {
    name: 'a body that stands still',
    wanted: /^(408|200|closed)$/,
    act: (connection, random) => {
      const length = random.whole(10, 1_000_000)
      const path = random.pick(READERS)
      if (random.chance(0.5)) connection.write(post(path, length) + 'a'.repeat(random.whole(0, length - 1)))
      else
        connection.write(
          `POST ${path} HTTP/1.1\r\n${CHUNKED}${random.pick(['', '5', '5\r\nab', '5\r\nabcde\r\n0\r\n'])}`,
        )
    },
  },
  {
    name: 'a body in drops',
    wanted: /^(408|200|closed)$/,
    act: (connection, random) => {
      connection.write(post(random.pick(READERS), 100_000))
      return connection.drip(() => 'a', random.whole(50, 200))
    },
  },
  {
    name: 'a reader that stops',
    // A server that is late may not have begun to wait for it.
    wanted: /^(cut|200)$/,
    wants: LARGEST,
    act: async (connection, random) => {
      connection.socket.pause()
      connection.write(get(random.pick(LARGE)))
      await pause(READER_STOPS)
      connection.socket.resume()
    },
  },
  {
    name: 'a reset',
    wanted: ANY,
    act: async (connection, random) => {
      connection.write(random.pick(STATES))
      await pause(random.whole(0, 30))
      connection.reset()
    },
  },
  {
    name: 'half-closed',
    wanted: ANY,
    act: async (connection, random) => {
      connection.write(random.pick(STATES))
      await pause(random.whole(0, 30))
      connection.socket.end()
    },
  },
  {
    name: 'a head too large',
    // An engine that reads lines when the head is complete waits for it.
    wanted: /^(400|408|414|431|closed)$/,
    act: (connection, random) => {
      connection.write(random.pick(LARGE_HEADS))
      return random.chance(0.5) ? connection.drip(() => 'b'.repeat(10_000), 20) : undefined
    },
  },
  {
    name: 'a body too large',
    wanted: /^(413|closed)$/,
    act: (connection, random) => {
      const length = 3_000_000
      if (random.chance(0.5)) connection.write(post('/echo', length))
      else connection.write(`POST /echo HTTP/1.1\r\n${CHUNKED}${length.toString(16)}\r\n`)
      return connection.drip(() => 'b'.repeat(50_000), 20)
    },
  },
  {
    name: 'bad chunks',
    wanted: /^(400|413|200|closed)$/,
    act: (connection, random) => {
      connection.write(`POST ${random.pick(READERS)} HTTP/1.1\r\n${CHUNKED}${random.pick(BAD_CHUNKS)}`)
      return random.chance(0.3) ? connection.drip(() => 'c', 50) : undefined
    },
  },
  {
    name: 'more requests than answers are taken',
    wanted: ANY,
    act: async (connection, random) => {
      connection.socket.pause()
      connection.write(get('/whole/20000').repeat(random.whole(10, 1000)))
      await pause(random.whole(0, READER_STOPS))
      if (random.chance(0.5)) connection.reset()
      else connection.socket.resume()
    },
  },
]
