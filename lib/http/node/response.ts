import type { ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import type { ResponseHead } from '../exchange.js'

/** Hands the head to node:http, which sends it together with the first chunk. */
export function writeHead(res: ServerResponse, { status: { code, reason }, fields }: ResponseHead): void {
  if (res.getHeaderNames().length === 0) {
    res.writeHead(code, reason, fields)
    return
  }
  // If some fields are set already, the array form of writeHead keeps only the last of equal names (Node 20).
  const names = new Set<string>()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name = '', value = ''] = [fields[i], fields[i + 1]]
    if (names.has(name.toLowerCase())) res.appendHeader(name, value)
    else res.setHeader(name, value)
    names.add(name.toLowerCase())
  }
  res.writeHead(code, reason)
}

/** Calls `look` with what is written to a stream, by `write` or `end`: Node has no event for it. */
export function watchWrites(stream: Writable, look: (chunk: unknown, encoding: unknown) => void): void {
  const { write, end } = stream
  stream.write = (...args: unknown[]): boolean => {
    look(args[0], args[1])
    return Reflect.apply(write, stream, args)
  }
  stream.end = (...args: unknown[]): Writable => {
    look(args[0], args[1])
    return Reflect.apply(end, stream, args)
  }
}

/** Bytes of what was given to `write` or `end` of a stream. */
export function writtenSize(chunk: unknown, encoding: unknown): number {
  if (typeof chunk !== 'string') return chunk instanceof Uint8Array ? chunk.byteLength : 0
  return Buffer.byteLength(chunk, typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : undefined)
}

/** A header field as it was sent, by its name in lower case: `getHeader` does not know those given to `writeHead`. */
export function sentHeader(res: ServerResponse & { _header?: string | null }, name: string): string | undefined {
  const lines = res._header?.split('\r\n') ?? []
  const line = lines.find(text => text.slice(0, name.length + 1).toLowerCase() === `${name}:`)
  return line?.slice(name.length + 1).trim()
}

/**
 * Lets an application go on with a response that was answered in its place: what it still sets, writes and ends is
 * dropped. Node would throw instead, in callbacks that no error handler of the application surrounds.
 */
export function muzzle(res: ServerResponse): void {
  const chain = (): ServerResponse => res
  Object.assign(res, {
    setHeader: chain,
    setHeaders: chain,
    appendHeader: chain,
    writeHead: chain,
    end: chain,
    removeHeader: () => {},
    flushHeaders: () => {},
    addTrailers: () => {},
    writeContinue: () => {},
    writeProcessing: () => {},
    writeEarlyHints: () => {},
    write: () => true,
  })
}
