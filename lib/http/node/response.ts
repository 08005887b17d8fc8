import type { ServerResponse } from 'node:http'
import type { ResponseHead } from '../exchange.js'

/** Hands the head to node:http, which sends it together with the first chunk. */
export function writeHead(res: ServerResponse, { status: { code, reason }, fields }: ResponseHead): void {
  if (res.getHeaderNames().length === 0) {
    res.writeHead(code, reason, fields)
    return
  }
  // If some fields are set already, the array form of writeHead keeps only the last of equal names (Node 20).
  for (const [name, values] of grouped(fields)) res.setHeader(name, values)
  res.writeHead(code, reason)
}

function grouped(fields: readonly string[]): Map<string, string | string[]> {
  const names = new Map<string, string>()
  const groups = new Map<string, string | string[]>()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [sent = '', value = ''] = [fields[i], fields[i + 1]]
    const name = names.get(sent.toLowerCase()) ?? sent
    names.set(sent.toLowerCase(), name)
    const before = groups.get(name)
    groups.set(name, before === undefined ? value : [before, value].flat())
  }
  return groups
}

/**
 * Reports the bytes of a response's body as the application writes them; framing and header fields are not among them.
 * Node has no such figure, so `write` and `end` of this one response are wrapped.
 */
export function countWrites(res: ServerResponse, add: (size: number) => void): void {
  const count = (chunk: unknown, encoding: unknown): void => {
    if (typeof chunk === 'string') add(Buffer.byteLength(chunk, encodingOf(encoding)))
    else if (chunk instanceof Uint8Array) add(chunk.byteLength)
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
}

function encodingOf(encoding: unknown): BufferEncoding | undefined {
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : undefined
}

/** A header field as it was sent, by its name in lower case: `getHeader` does not know those given to `writeHead`. */
export function sentHeader(res: ServerResponse & { _header?: string | null }, name: string): string | undefined {
  const lines = res._header?.split('\r\n') ?? []
  const line = lines.find(text => text.slice(0, name.length + 1).toLowerCase() === `${name}:`)
  return line?.slice(name.length + 1).trim()
}
