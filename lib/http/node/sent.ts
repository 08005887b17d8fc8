import type { ServerResponse } from 'node:http'

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
