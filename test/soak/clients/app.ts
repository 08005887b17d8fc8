/**
 * Reads each body to its end. /whole/SIZE, /late/SIZE and /stream/SIZE answer with SIZE bytes, as a whole, after some
 * milliseconds, or piece by piece; /echo and /through with the body of the request, once it is there or as it comes.
 */
export const APP = `import { setTimeout as wait } from 'node:timers/promises'

const PIECE = 10_000

async function bodyOf(input) {
  const parts = []
  for await (const part of input) parts.push(part)
  return Buffer.concat(parts)
}

async function* pieces(path, size) {
  const pattern = Buffer.alloc(PIECE + path.length, path)
  for (let at = 0; at < size; at += PIECE) {
    if (at % (4 * PIECE) === 0) await wait(1)
    const from = at % path.length
    yield pattern.subarray(from, from + Math.min(PIECE, size - at))
  }
}

async function* through(input) {
  for await (const part of input) yield part
}

export async function application(environ, startResponse) {
  const { PATH_INFO: path, 'wsgi.input': input } = environ
  const [, kind, size] = path.split('/')
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  if (kind === 'through') return through(input)
  const sent = await bodyOf(input)
  if (kind === 'echo') return [sent]
  if (kind === 'late') await wait(Math.random() * 20)
  if (kind === 'stream') return pieces(path, Number(size))
  return [Buffer.alloc(Number(size) || 0, path)]
}
`

/** What the application answers to /whole, /late or /stream. */
export function bytesAt(path: string): Buffer {
  return Buffer.alloc(Number(path.split('/')[2]), path)
}
