import { randomBytes } from 'node:crypto'
import { close, read } from 'node:fs'
import { promisify } from 'node:util'
import { toError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import type { Logger } from '../logging/log.js'
import { evaluate, wantsPart } from './conditions.js'
import { parseRanges, type Range } from './ranges.js'
import { headOf, type Identity, isRewritten, type Representation, validatorFields } from './representation.js'

/** Bytes that are read at once: as many as a client that stops reading holds of a worker's memory. */
const PIECE = 128 * 1024

const readInto = promisify(read)

/** A body is a list of these: bytes of the file, and texts between them. */
type Part = Range | string

interface Source {
  /** Closed when the answer is over; undefined if the representation is in memory. */
  readonly fd: number | undefined
  readonly log: Logger
}

/** Answers a GET or HEAD with a file, or a part of it, or with less if the client has it already. */
export function sendFile(exchange: Exchange, file: Representation, source: Source): void {
  const { head, answer } = exchange
  const outcome = evaluate(head, file)
  if (outcome === 304) return sendEmpty(exchange, file.notModified, source)
  if (outcome === 412) {
    return sendEmpty(exchange, headOf({ code: 412, reason: 'Precondition Failed' }, ['Content-Length', '0'], 0), source)
  }
  const ranges = rangesOf(exchange, file)
  if (ranges) return sendRanges(exchange, file, { ...source, ranges })
  if (head.method === 'HEAD') return sendEmpty(exchange, file.whole, source)
  if (file.bytes) {
    answer.begin(file.whole, file.size)
    return answer.end(file.text ?? file.bytes)
  }
  answer.begin(file.whole, -1)
  send(exchange, file, { ...source, parts: [{ first: 0, last: file.size - 1 }] })
}

/** Answers for a directory whose URL lacks the slash at its end, so that relative links in its index hold. */
export function sendRedirect({ head, answer }: Exchange): void {
  const { path, query } = head.target()
  // Relative, since a proxy may have taken a prefix off; with a dot, since a name may hold a colon.
  const location = `./${path.slice(path.lastIndexOf('/') + 1)}/${query && `?${query}`}`
  const fields = ['Location', location, 'Content-Length', '0', 'Cache-Control', 'no-cache']
  answer.begin(headOf({ code: 302, reason: 'Found' }, fields, 0), 0)
  answer.end()
}

/** @returns undefined for the whole file */
function rangesOf({ head }: Exchange, file: Representation): readonly Range[] | undefined {
  const field = head.method === 'GET' ? head.field('range') : undefined
  return field !== undefined && wantsPart(head, file) ? parseRanges(field, file.size) : undefined
}

function sendEmpty({ answer }: Exchange, head: Representation['whole'], { fd }: Source): void {
  answer.begin(head, 0)
  answer.end()
  release(fd)
}

function sendRanges(
  exchange: Exchange,
  file: Representation,
  { ranges, ...source }: Source & { readonly ranges: readonly Range[] },
): void {
  const validators = validatorFields(file, file.facts)
  const [only, ...others] = ranges
  if (only === undefined) {
    const fields = ['Content-Range', `bytes */${file.size}`, 'Content-Length', '0', ...validators]
    return sendEmpty(exchange, headOf({ code: 416, reason: 'Range Not Satisfiable' }, fields, 0), source)
  }
  const isSingle = others.length === 0
  const boundary = isSingle ? '' : randomBytes(12).toString('hex')
  const parts = isSingle ? [only] : multipart(ranges, file, boundary)
  const length = parts.reduce((sum, part) => sum + sizeOf(part), 0)
  const described = isSingle
    ? ['Content-Type', file.facts.type, 'Content-Range', contentRange(only, file.size)]
    : ['Content-Type', `multipart/byteranges; boundary=${boundary}`]
  if (file.encoding !== '') described.push('Content-Encoding', file.encoding)
  const fields = [...described, 'Content-Length', String(length), ...validators, 'Accept-Ranges', 'bytes']
  exchange.answer.begin(headOf({ code: 206, reason: 'Partial Content' }, fields, length), -1)
  send(exchange, file, { ...source, parts })
}

/** RFC 9110, section 14.6. */
function multipart(ranges: readonly Range[], { facts, size }: Representation, boundary: string): Part[] {
  const parts = ranges.flatMap(range => [
    `\r\n--${boundary}\r\nContent-Type: ${facts.type}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`,
    range,
  ])
  return [...parts, `\r\n--${boundary}--\r\n`]
}

function contentRange({ first, last }: Range, size: number): string {
  return `bytes ${first}-${last}/${size}`
}

function sizeOf(part: Part): number {
  return typeof part === 'string' ? part.length : part.last - part.first + 1
}

type Sending = Source & { readonly parts: readonly Part[] }

/** Sends a body as the client takes it, and closes the file. */
function send(exchange: Exchange, file: Representation, { parts, fd, log }: Sending): void {
  transmit(exchange, parts, { from: fd ?? file.bytes ?? Buffer.alloc(0), identity: file.identity })
    .catch((error: unknown) => {
      log.error({ err: toError(error), path: file.path }, 'A static file cannot be read, its response is cut')
      exchange.answer.cut()
    })
    .finally(() => release(fd))
}

interface Opened {
  readonly from: Buffer | number
  readonly identity: Identity
}

/** @throws a system error; one of its own if the file was cut short or written anew */
async function transmit({ answer }: Exchange, parts: readonly Part[], { from, identity }: Opened): Promise<void> {
  for (const part of parts) {
    if (typeof part === 'string') answer.write(part)
    else if (typeof from !== 'number') answer.write(from.subarray(part.first, part.last + 1))
    else {
      for (let at = part.first; at <= part.last; ) {
        const piece = await readPiece(from, at, Math.min(PIECE, part.last + 1 - at))
        if (answer.gone || answer.ended) return
        at += piece.length
        // With its last bytes the client would take it for complete.
        if (at > part.last && isRewritten(from, identity)) throw new Error('it was written anew while it was sent')
        if (!answer.write(piece)) await answer.drained()
      }
    }
  }
  if (!answer.gone) answer.end()
}

async function readPiece(fd: number, at: number, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await readInto(fd, Buffer.allocUnsafeSlow(size), 0, size, at)
  if (bytesRead === 0) throw new Error('it is shorter than it was when its response began')
  return buffer.subarray(0, bytesRead)
}

function release(fd: number | undefined): void {
  if (fd !== undefined) close(fd)
}
