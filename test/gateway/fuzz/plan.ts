import type { Random } from './random.js'

/** How the body is returned; the first three are known at once. */
export type Shape = 'string' | 'bytes' | 'array' | 'generator' | 'async' | 'closable' | 'stream' | 'web' | 'file'
/** Where the application fails: in the call before or after startResponse, or in place of a chunk. */
export type Failing = 'call' | 'started' | number | undefined

/** One request, and what the application does with it. */
export interface Plan {
  readonly index: number
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly version: '1.1' | '1.0'
  readonly upload: 'none' | 'length' | 'chunked'
  readonly body: Buffer
  /** `Expect: 100-continue`, though the client does not wait for it. */
  readonly expects: boolean
  readonly read: 'none' | 'some' | 'all' | 'iterate'
  /** Early hints come before anything else. */
  readonly hints: boolean
  /** A second call of startResponse, which brings an error, replaces the first. */
  readonly restarted: boolean
  readonly status: '200 OK' | '404 Not Found' | '204 No Content' | '304 Not Modified' | '500 '
  /** Content-Length of the application, beside what it sends. */
  readonly announced: number | undefined
  /** Chunks given to write(). */
  readonly written: readonly (string | Buffer)[]
  /** Chunks of the returned body. */
  readonly chunks: readonly (string | Buffer)[]
  readonly shape: Shape
  readonly promised: boolean
  /** startResponse is called by the iterator. */
  readonly lateStart: boolean
  readonly failing: Failing
  /** It fails by a chunk that is none, not by an error. */
  readonly badChunk: boolean
  /** Turns of the event loop between steps. */
  readonly pause: boolean
  readonly headers: readonly (readonly [string, string])[]
}

const SHAPES = ['string', 'bytes', 'array', 'generator', 'async', 'closable', 'stream', 'web', 'file'] as const
const TEXTS = ['', 'a', 'hello', 'é', '€uro', '\r\n', '0\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(1000)] as const
const HEADERS = [
  ['Content-Type', 'text/plain'],
  ['X-Latin', 'caf\xe9'],
  ['Set-Cookie', 'a=1'],
  ['Set-Cookie', 'b=2; Path=/'],
  ['ETag', '"1"'],
  ['X-Empty', ''],
  ['Content-Disposition', 'attachment; filename="\xfc.txt"'],
] as const

export function makePlan(random: Random, index: number, last: boolean): Plan {
  const shape = random.pick(SHAPES)
  const written = random.chance(0.15) ? chunksOf(random, 3) : []
  const chunks = chunksOf(random, shape === 'string' || shape === 'bytes' ? 1 : 6)
  const method = random.pick<Plan['method']>(['GET', 'GET', 'POST', 'POST', 'HEAD'])
  const upload: Plan['upload'] = method === 'POST' ? random.pick<Plan['upload']>(['none', 'length', 'chunked']) : 'none'
  const failing = random.chance(0.15) ? failingOf(random, chunks.length) : undefined
  const read = random.pick<Plan['read']>(['none', 'some', 'all', 'iterate'])
  const body = upload === 'none' ? Buffer.alloc(0) : Buffer.from(random.pick(TEXTS).repeat(random.whole(0, 3)))
  return {
    index,
    method,
    version: last && random.chance(0.3) ? '1.0' : '1.1',
    upload: last && upload === 'chunked' ? 'length' : upload,
    body,
    // RFC 9110, section 10.1.1: not without a body, and engines differ there.
    expects: body.length > 0 && random.chance(0.2),
    read,
    hints: random.chance(0.1),
    restarted: random.chance(0.1),
    status: random.pick(['200 OK', '200 OK', '200 OK', '404 Not Found', '204 No Content', '304 Not Modified', '500 ']),
    announced: announcedOf(random, sizeOf([...written, ...chunks])),
    written,
    chunks,
    shape,
    promised: random.chance(0.3),
    lateStart: written.length === 0 && (shape === 'generator' || shape === 'async') && random.chance(0.2),
    failing,
    badChunk: random.chance(0.5),
    pause: random.chance(0.2),
    headers: HEADERS.filter(() => random.chance(0.3)),
  }
}

export function sizeOf(chunks: readonly (string | Buffer)[]): number {
  return chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0)
}

function chunksOf(random: Random, most: number): (string | Buffer)[] {
  return Array.from({ length: random.whole(most === 1 ? 1 : 0, most) }, () => {
    const text = random.pick(TEXTS)
    return random.chance(0.5) ? text : Buffer.from(text)
  })
}

function announcedOf(random: Random, size: number): number | undefined {
  if (random.chance(0.5)) return undefined
  if (random.chance(0.6)) return size
  return random.chance(0.5) ? size + random.whole(1, 10) : random.whole(0, size)
}

function failingOf(random: Random, count: number): Failing {
  return random.pick<Failing>(['call', 'started', random.whole(0, count), random.whole(0, count)])
}
