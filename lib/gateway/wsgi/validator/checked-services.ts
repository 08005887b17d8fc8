import type { Readable } from 'node:stream'
import type { ErrorsStream, InputStream } from '../types.js'
import { demand, show } from './breach.js'

/** A `wsgi.input` that checks how it is used and what it returns. */
export class CheckedInput implements InputStream {
  readonly #input: InputStream
  readonly #ended: () => boolean

  /** @param ended  reports whether the response has ended */
  constructor(input: InputStream, ended: () => boolean) {
    this.#input = input
    this.#ended = ended
  }

  async read(...args: [size?: number]): Promise<Buffer> {
    this.#check('read', args)
    return bytes(await this.#input.read(...args))
  }

  async readline(...args: [limit?: number]): Promise<Buffer> {
    this.#check('readline', args)
    const line = bytes(await this.#input.readline(...args))
    const end = line.indexOf('\n')
    demand(end < 0 || end === line.length - 1, 'readline() gave more than a line')
    return line
  }

  async readlines(...args: [hint?: number]): Promise<Buffer[]> {
    this.#check('readlines', args)
    return (await this.#input.readlines(...args)).map(bytes)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    this.#check('iteration', [])
    for await (const chunk of this.#input) yield bytes(chunk)
  }

  get stream(): Readable {
    this.#check('stream', [])
    return this.#input.stream
  }

  #check(method: string, args: readonly unknown[]): void {
    demand(!this.#ended(), `wsgi.input was read (${method}) after the response had ended`)
    demand(args.length <= 1, `wsgi.input.${method} was called with ${args.length} arguments, wanted at most 1`)
    const [size] = args
    const isWhole = size === undefined || Number.isInteger(size)
    demand(isWhole, `wsgi.input.${method} was given ${show(size)}, wanted a whole number`)
  }
}

/** `wsgi.errors` that takes text only. */
export function checkedErrors(errors: ErrorsStream): ErrorsStream {
  const write = (...args: [text: string]): void => {
    const isText = args.length === 1 && typeof args[0] === 'string'
    demand(isText, `wsgi.errors.write was given ${show(args[0])}, wanted a string`)
    errors.write(...args)
  }
  return {
    write,
    writelines: lines => {
      for (const line of lines) write(line)
    },
    flush: () => errors.flush(),
  }
}

function bytes(value: Buffer): Buffer {
  demand(Buffer.isBuffer(value), `wsgi.input gave ${show(value)}, wanted a Buffer`)
  return value
}
