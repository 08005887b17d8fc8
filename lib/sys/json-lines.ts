import type { Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** The longest line that is taken, in characters: the other end is a process of ours, which may have lost its mind. */
const LONGEST = 1024 * 1024

/** Values that two processes send each other over a stream, each as a line of JSON. */
export class JsonLines {
  readonly #stream: Duplex

  /** @param onValue  gets each value; a line that is no JSON, or far too long, ends the stream */
  constructor(stream: Duplex, onValue: (value: unknown) => void) {
    this.#stream = stream
    const decoder = new StringDecoder()
    let rest = ''
    stream.on('data', (bytes: Buffer) => {
      const lines = (rest + decoder.write(bytes)).split('\n')
      rest = lines.pop() ?? ''
      try {
        for (const line of lines) onValue(JSON.parse(line))
      } catch {
        stream.destroy()
      }
      if (rest.length > LONGEST) stream.destroy()
    })
    stream.on('error', () => {}) // the other end is gone, which `close` tells
  }

  send(value: unknown): void {
    if (this.#stream.writable) this.#stream.write(`${JSON.stringify(value)}\n`)
  }
}
