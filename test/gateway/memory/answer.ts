import type { Answer, ResponseHead } from '../../../lib/http/exchange.js'
import { reasonOf } from '../../../lib/http/refusal.js'
import type { MemoryExchange } from './exchange.js'

/** RFC 8288, section 3, as far as `103 Early Hints` needs it. */
const LINK = /^<[^>]*>(?:\s*;\s*[^;"\s]+(?:="[^"]*")?)*$/

type Field = readonly [name: string, value: string]

/** Frames a response and sends it. */
export class MemoryAnswer implements Answer {
  headSent = false
  statusCode = 0
  reason = ''
  bytes = 0
  ended = false
  finished = false
  keepsConnection: boolean
  readonly #exchange: MemoryExchange
  #fields: readonly Field[] = []
  /** What is held back: the head until the first bytes of the body, or everything until the end. */
  #unsent: Buffer[] = []
  #isHeld = false
  #isChunked = false
  /** The end of the connection is the end of the body. */
  #isDelimitedByClose = false
  #isSealed = false
  #isOver = false
  readonly #listeners: (() => void)[] = []

  constructor(exchange: MemoryExchange) {
    this.#exchange = exchange
    this.keepsConnection = wantsToKeep(exchange.head.httpVersion, exchange.head.field('connection') ?? '')
  }

  get gone(): boolean {
    return this.#isOver || this.#exchange.connection.isGone
  }

  field(name: string): string | undefined {
    return this.#fields.find(([key]) => key.toLowerCase() === name)?.[1]
  }

  hint(fields: Readonly<Record<string, string | string[]>>): void {
    const { link = [], ...others } = fields
    const links = [link].flat()
    if (!links.every(each => LINK.test(each))) throw new TypeError(`illegal link: ${links.join(', ')}`)
    const listed = Object.entries(others).map(([name, value]): Field => [name, String(value)])
    this.interim('103 Early Hints', [['Link', links.join(', ')], ...listed])
  }

  /** Sends a response that precedes the final one. */
  interim(status: string, fields: readonly Field[]): void {
    if (!this.#isSealed && !this.gone) this.#exchange.connection.end.write(headText(status, fields))
  }

  begin({ status: { code, reason }, fields, contentLength }: ResponseHead, size: number): void {
    if (this.#isSealed) return
    const { head, body, connection } = this.#exchange
    const hasBody = head.allowsBody(code)
    this.#isHeld = size >= 0
    const isUnknown = hasBody && contentLength < 0 && size < 0
    this.#isChunked = isUnknown && head.httpVersion === '1.1'
    this.#isDelimitedByClose = isUnknown && !this.#isChunked
    const isShort = hasBody && size >= 0 && size < contentLength
    if (this.#isDelimitedByClose || isShort || body.mustClose(size >= 0) || !connection.mayBeKept) {
      this.keepsConnection = false
    }
    this.#setHead(code, reason, pairsOf(fields))
  }

  #setHead(code: number, reason: string, fields: readonly Field[]): void {
    this.headSent = true
    this.statusCode = code
    this.reason = reason
    const own: Field[] = [['Connection', this.keepsConnection ? 'keep-alive' : 'close']]
    if (!fields.some(([name]) => name.toLowerCase() === 'date')) own.push(['Date', new Date().toUTCString()])
    if (this.#isChunked) own.push(['Transfer-Encoding', 'chunked'])
    this.#fields = [...fields, ...own]
    this.#unsent = [Buffer.from(headText(`${code} ${reason}`, this.#fields), 'latin1')]
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.#isSealed || this.gone) return true
    this.#add(Buffer.from(chunk))
    return this.#isHeld || this.#send()
  }

  flush(): void {
    if (!this.#isSealed && !this.gone) this.#send()
  }

  end(chunk: Uint8Array | string = ''): void {
    if (this.#isSealed || this.ended) return
    this.ended = true
    if (this.gone) return
    this.#add(Buffer.from(chunk))
    if (this.#isChunked) this.#unsent.push(Buffer.from('0\r\n\r\n'))
    this.#exchange.body.abandon()
    this.#send(error => this.over(!error))
  }

  endShort(): void {
    if (!this.#isSealed) this.#exchange.connection.finish()
  }

  cut(): void {
    const { end } = this.#exchange.connection
    this.#isSealed = true
    if (this.#isDelimitedByClose) end.reset()
    else end.destroy()
  }

  refuse(status: number): void {
    if (this.#isSealed || this.gone) return
    const reason = reasonOf(status)
    this.keepsConnection = false
    this.#isChunked = false
    this.ended = true
    this.#setHead(status, reason, pairsOf(['Content-Type', 'text/plain', 'Content-Length', String(reason.length)]))
    if (this.#exchange.head.allowsBody(status)) this.#add(Buffer.from(reason))
    this.#exchange.body.abandon()
    this.#isSealed = true
    this.#exchange.inTurn(() => this.#send(error => this.over(!error)))
  }

  async drained(): Promise<void> {
    const { end } = this.#exchange.connection
    await new Promise<void>(resolve => {
      const wake = (): void => {
        end.off('drain', wake).off('close', wake)
        setImmediate(resolve)
      }
      end.on('drain', wake).on('close', wake)
      if (!end.writableNeedDrain || this.gone) wake()
    })
  }

  countBytes(): void {}

  onClose(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Nothing more will be sent. @param finished  all of the response was */
  over(finished: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    this.finished = finished
    this.#exchange.body.end()
    for (const listener of this.#listeners) listener()
    this.#exchange.connection.answered(this.#exchange)
  }

  #add(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.bytes += bytes.length
    if (this.#isChunked) this.#unsent.push(Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n'))
    else this.#unsent.push(bytes)
  }

  #send(done?: (error?: Error | null) => void): boolean {
    const bytes = Buffer.concat(this.#unsent)
    this.#unsent = []
    return this.#exchange.connection.end.write(bytes, done)
  }
}

/** RFC 9112, section 9.3. */
function wantsToKeep(httpVersion: string, connection: string): boolean {
  return httpVersion === '1.1' ? !/\bclose\b/i.test(connection) : /\bkeep-alive\b/i.test(connection)
}

function pairsOf(fields: readonly string[]): Field[] {
  const pairs: Field[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) pairs.push([fields[i] ?? '', fields[i + 1] ?? ''])
  return pairs
}

function headText(status: string, fields: readonly Field[]): string {
  return `HTTP/1.1 ${status}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}
