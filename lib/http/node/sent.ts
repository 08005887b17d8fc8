import type { ServerResponse } from 'node:http'

/**
 * Counts the bytes of a response's body as the application hands them over; framing and headers are not in it.
 * Node has no such figure, so `write` and `end` of this one response are wrapped: only where an access log wants it.
 */
export function countBody(res: ServerResponse): () => number {
  let bytes = 0
  const count = (chunk: unknown, encoding: unknown): void => {
    if (typeof chunk === 'string') bytes += Buffer.byteLength(chunk, encodingOf(encoding))
    else if (chunk instanceof Uint8Array) bytes += chunk.byteLength
  }
  const { write, end } = res
  res.write = (...args: unknown[]): boolean => {
    count(args[0], args[1])
    return Reflect.apply(write, res, args)
  }
  res.end = (...args: unknown[]): ServerResponse => {
    count(args[0], args[1])
    return Reflect.apply(end, res, args)
  }
  return () => (hasBody(res) ? bytes : 0)
}

function encodingOf(encoding: unknown): BufferEncoding | undefined {
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : undefined
}

/** RFC 9110, section 6.4.1. */
function hasBody({ req, statusCode }: ServerResponse): boolean {
  return req.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304
}

/** A field of the head as it went over the wire, by its name in lower case: `getHeader` does not know those given to `writeHead`. */
export function sentHeader(res: ServerResponse & { _header?: string | null }, name: string): string | undefined {
  const lines = res._header?.split('\r\n') ?? []
  const line = lines.find(text => text.slice(0, name.length + 1).toLowerCase() === `${name}:`)
  return line?.slice(name.length + 1).trim()
}
