import type { Random } from '../../gateway/fuzz/random.js'
import type { Demand } from '../connection.js'
import { bytesAt } from './app.js'

/** Of bodies and answers, in bytes. */
const SIZES = [0, 1, 100, 100, 1000, 1000, 5000, 16_384, 70_000, 300_000] as const

/** A request of a good client, and the body that must come back. */
export interface Ask {
  readonly demand: Demand
  readonly method: string
  readonly bytes: Buffer
  readonly wanted: Buffer
  /** It asks the server to close the connection. */
  readonly isLast: boolean
}

/** @param name  of the request alone: what is sent and answered is made of it, so that no bytes of others look right */
export function askFor(random: Random, name: string, isLast: boolean): Ask {
  const size = random.pick(SIZES)
  const fields = isLast ? ['Host: soak', 'Connection: close'] : ['Host: soak']
  if (random.chance(0.6)) {
    const path = `/${random.pick(['whole', 'late', 'stream'])}/${size}/${name}`
    const method = random.chance(0.2) ? 'HEAD' : 'GET'
    return { demand: { path }, method, bytes: requestOf(method, path, fields), wanted: bytesAt(path), isLast }
  }
  const path = `/${random.pick(['echo', 'through'])}/${name}`
  const body = Buffer.alloc(size, path)
  const { field, framed } = random.chance(0.5) ? withLength(body) : chunked(random, body)
  const bytes = Buffer.concat([requestOf('POST', path, [...fields, field]), framed])
  return { demand: { path, body: '' }, method: 'POST', bytes, wanted: body, isLast }
}

function requestOf(method: string, path: string, fields: readonly string[]): Buffer {
  return Buffer.from(`${[`${method} ${path} HTTP/1.1`, ...fields].join('\r\n')}\r\n\r\n`)
}

interface Framed {
  readonly field: string
  readonly framed: Buffer
}

function withLength(body: Buffer): Framed {
  return { field: `Content-Length: ${body.length}`, framed: body }
}

function chunked(random: Random, body: Buffer): Framed {
  const parts: (Buffer | string)[] = []
  for (let at = 0; at < body.length; ) {
    const part = body.subarray(at, at + random.whole(1, Math.ceil(body.length / 3)))
    parts.push(`${part.length.toString(16)}\r\n`, part, '\r\n')
    at += part.length
  }
  const framed = Buffer.concat([...parts, '0\r\n\r\n'].map(part => Buffer.from(part)))
  return { field: 'Transfer-Encoding: chunked', framed }
}
