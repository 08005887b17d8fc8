import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { type FrameListener, FrameReader, frame } from '../../lib/gateway/python/frames.js'
import { Random } from '../gateway/fuzz/random.js'
import { parseResponse } from '../gateway/fuzz/response-parser.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { fixture, startPython } from '../helpers/python.js'
import type { Target } from '../helpers/server-process.js'

/** Settable, so that the same test runs for seconds in the suite and for as long as one likes by hand. */
const REQUESTS = Number(process.env.PYTHON_FUZZ_REQUESTS ?? 3000)
const FRAMES = Math.max(REQUESTS, 10_000)
const SEED = Number(process.env.PYTHON_FUZZ_SEED ?? Date.now() % 1_000_000)
const SIDE_BY_SIDE = 8

// Milliseconds; a request takes about one.
t.setTimeout(60_000 + REQUESTS * 10)

/** What a request brings, how much of it is read, how it is answered, and by how much: `fuzz.py` knows the words. */
interface Plan {
  readonly number: number
  readonly size: number
  readonly isChunked: boolean
  readonly how: string
  readonly length: number
  readonly path: string
}

const READ = ['all', 'half', 'some', 'pieces', 'lines', 'none'] as const
const HOW = ['one', 'list', 'stream', 'announced', 'written', 'file', 'hints', 'late'] as const

function makePlan(random: Random, number: number): Plan {
  const size = random.chance(0.4) ? 0 : sizeFrom(random)
  const length = sizeFrom(random) + 1
  const how = random.chance(0.02) ? random.pick(['refuse', 'break']) : random.pick(HOW)
  const path = `/${number}/${size}/${random.pick(READ)}/${how}/${length}`
  return { number, size, isChunked: random.chance(0.5), how, length, path }
}

/** Most are small; the others lie around what one frame, one read, one piece or the memory takes. */
function sizeFrom(random: Random): number {
  if (random.chance(0.98)) return random.whole(0, 2000)
  const edge = random.chance(0.1) ? random.pick([1 << 20, 3 << 20]) : random.pick([1 << 16, 1 << 17, 1 << 18])
  return edge + random.whole(-2, 2)
}

function pattern(number: number, size: number): Buffer {
  return Buffer.alloc(size, `${number};`)
}

function bytesOf({ number, size, isChunked, path }: Plan, random: Random): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nX-Number: ${number}\r\n`
  const body = pattern(number, size)
  if (size === 0 && !isChunked) return Buffer.from(`${head}\r\n`)
  if (!isChunked) return Buffer.concat([Buffer.from(`${head}Content-Length: ${size}\r\n\r\n`), body])
  const parts: Buffer[] = [Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`)]
  for (let start = 0; start < size; ) {
    const piece = body.subarray(start, start + random.whole(1, Math.max(1, size / 2)))
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
    start += piece.length
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

/** What is wrong with the answer; undefined if nothing is. `rest` is what came behind it. */
async function ask(socket: Socket, plan: Plan, bytes: Buffer): Promise<string | undefined> {
  let came: Buffer = Buffer.alloc(0)
  let isAnswered = false
  const closed = new AbortController()
  const onClose = (): void => closed.abort()
  socket.on('close', onClose)
  socket.write(bytes)
  try {
    while (!isAnswered) {
      const [piece]: Buffer[] = await once(socket, 'data', { signal: closed.signal })
      came = Buffer.concat([came, piece ?? came])
      if (/^HTTP\/1\.1 103 /.test(came.toString('latin1', 0, 13))) came = withoutHints(came)
      const answer = parseResponse(came, 'POST', false)
      if (answer && !pattern(plan.number, answer.body.length).equals(answer.body) && plan.how !== 'refuse') {
        return `${plan.path}: ${answer.body.toString('latin1', 0, 200)}`
      }
      isAnswered = answer?.complete ?? false
      if (answer?.complete) return faultOf(plan, answer)
    }
    return undefined
  } catch {
    return plan.how === 'break' ? undefined : `${plan.path}: the connection closed after ${came.length} bytes`
  } finally {
    socket.off('close', onClose)
  }
}

function withoutHints(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\r\n\r\n')
  return end < 0 ? bytes : bytes.subarray(end + 4)
}

interface Answer {
  readonly head: string
  readonly body: Buffer
  readonly rest: Buffer
}

function faultOf({ number, how, length, path }: Plan, { head, body, rest }: Answer): string | undefined {
  if (rest.length > 0) return `${path}: ${rest.length} bytes behind the answer`
  if (how === 'refuse') return head.startsWith('HTTP/1.1 500 ') ? undefined : `${path}: ${head}`
  if (!head.includes(`X-Number: ${number}`) || body.length !== length) return `${path}: ${body.length} bytes, ${head}`
  return undefined
}

async function dial(target: Target): Promise<Socket> {
  const socket = connect('socketPath' in target ? { path: target.socketPath } : target)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

t.test(`${REQUESTS} random requests, PYTHON_FUZZ_SEED=${SEED}: none sees bytes of another one`, async t => {
  t.comment(`PYTHON_FUZZ_SEED=${SEED}`)
  const server = await startPython(t, fixture('fuzz.py'), {
    workers: 2,
    args: ['--threads', '2'],
    expectErrors: [messages.applicationFailed],
  })
  const random = new Random(SEED)
  const faults: string[] = []
  let made = 0
  const talk = async (): Promise<void> => {
    const socket = await dial(server.target)
    for (let i = random.whole(1, 40); i > 0 && made < REQUESTS && !socket.closed; i--) {
      const plan = makePlan(random, made++)
      const bytes = bytesOf(plan, random)
      if (random.chance(0.02)) {
        socket.write(bytes.subarray(0, random.whole(0, bytes.length)))
        // Some leave at once, others while they are answered.
        if (random.chance(0.5)) await Promise.race([once(socket, 'data'), new Promise(setImmediate)])
        break
      }
      const fault = await ask(socket, plan, bytes)
      if (fault !== undefined) faults.push(fault)
      if (plan.how === 'break' || plan.how === 'refuse') break
    }
    if (random.chance(0.5)) socket.resetAndDestroy()
    else socket.destroy()
  }
  const work = async (): Promise<void> => {
    while (made < REQUESTS && faults.length < 5) await talk()
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
  t.same(faults, [])
  const client = new Client(t, server.target)
  for (let i = 0; i < 8; i++)
    t.equal((await client.get(`/${i}/0/all/one/5`, { headers: { 'X-Number': i } })).status, 200)
  t.equal(server.everyPython.length, 2, 'by the same processes to the end')
})

t.test(`${FRAMES} answers, in pieces of all sizes`, async t => {
  const random = new Random(SEED)
  const found = new Map<number, string>()
  const add = (number: number, text: string): void => void found.set(number, (found.get(number) ?? '') + text)
  const listener: FrameListener = {
    head: (number, isWhole, fields, first, left) => add(number, `H${isWhole}${fields}|${first}${left > 0 ? '' : '.'}`),
    data: (number, piece, isLast) => add(number, `${piece}${isLast ? '.' : ''}`),
    frame: (kind, number, payload) => add(number, `${kind}${payload}`),
    broken: () => t.fail('it was taken for no frame'),
  }
  const reader = new FrameReader(listener)
  let wrong = 0
  for (let number = 0; number < FRAMES; number += 20) {
    const wanted = new Map<number, string>()
    const frames = Array.from({ length: 20 }, (_, i) => answerFrames(random, number + i, wanted))
    const bytes = Buffer.concat(frames.flat())
    for (let start = 0; start < bytes.length; ) {
      const end = start + (random.chance(0.5) ? random.whole(1, 20) : random.whole(1, 5000))
      reader.read(bytes.subarray(start, end))
      start = end
    }
    for (const [each, text] of wanted) if (plain(found.get(each)) !== text) wrong++
    found.clear()
  }
  t.equal(wrong, 0)
})

/** Without the marks of where a piece ended. */
function plain(text: string | undefined): string | undefined {
  return text?.replaceAll('.', '')
}

/** The frames of one answer; what is to be found in them goes to `wanted`. */
function answerFrames(random: Random, number: number, wanted: Map<number, string>): Buffer[] {
  const head = Buffer.from(`200 OK\0X-Number\0${number}`)
  const isWhole = random.chance(0.5)
  const first = pattern(number, random.whole(0, 300))
  const begin = Buffer.alloc(5)
  begin[0] = isWhole ? 1 : 0
  begin.writeUInt32BE(head.length, 1)
  const parts = [headerOf('H', number, 5 + head.length + first.length), begin, head, first]
  let text = `H${isWhole}200 OK,X-Number,${number}|${first}`
  for (let i = isWhole ? 0 : random.whole(0, 5); i > 0; i--) {
    const piece = pattern(number, random.whole(1, 3000))
    parts.push(headerOf('D', number, piece.length), piece)
    text += String(piece)
  }
  if (!isWhole) {
    parts.push(headerOf('E', number, 0))
    text += 'E'
  }
  parts.push(headerOf('Z', number, 0))
  wanted.set(number, `${text}Z`)
  return parts
}

function headerOf(kind: string, number: number, length: number): Buffer {
  const header = frame('D', number, length)
  header.write(kind, 0, 'latin1')
  return header
}
