import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import {
  codeOf,
  endsStream,
  type Frame,
  isAck,
  PARAMETERS,
  PREFACE,
  readFrames,
  settings,
  settingsAck,
  statusOf,
  TYPES,
} from './http2-frames.js'
import { CEILING } from './log.js'

/** How a connection was before it ended. */
export interface Ended {
  /** The code of the error in the last GOAWAY; undefined without one. */
  readonly code: number | undefined
  /** By the last GOAWAY. */
  readonly lastStream: number | undefined
}

/** A client of HTTP/2 that sends bytes, and keeps the frames that come. It answers SETTINGS, and
 * nothing else. */
export class RawHttp2 {
  readonly socket: TLSSocket
  /** All that have come. */
  readonly frames: Frame[] = []
  /** Resolves when the connection is closed. */
  readonly closed: Promise<unknown>
  /** Whether it says that it has taken SETTINGS. */
  acknowledges = true
  #rest = Buffer.alloc(0)

  constructor(socket: TLSSocket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('error', () => {})
    this.closed = new Promise(resolve => socket.once('close', resolve))
  }

  /** @returns false if it is to wait for `drain` */
  write(...frames: readonly Buffer[]): boolean {
    return this.socket.writable && this.socket.write(Buffer.concat(frames))
  }

  /** Writes one piece after the other, as quickly as the server reads, for as long as the connection is open. */
  async flood(pieces: Iterable<Buffer>): Promise<number> {
    let sent = 0
    for (const piece of pieces) {
      if (!this.socket.writable) break
      sent++
      if (!this.socket.write(piece)) await Promise.race([once(this.socket, 'drain').catch(() => {}), this.closed])
    }
    return sent
  }

  find(match: (frame: Frame) => boolean): Frame | undefined {
    return this.frames.find(match)
  }

  /** Waits for such a frame. @throws Error if the connection ends before */
  async until(match: (frame: Frame) => boolean): Promise<Frame> {
    const limit = AbortSignal.timeout(CEILING)
    for (;;) {
      const found = this.find(match)
      if (found) return found
      if (this.socket.closed) throw new Error(`the connection has ended: ${this}`)
      await Promise.race([once(this.socket, 'data', { signal: limit }), this.closed])
    }
  }

  /** Waits for the end of a stream. @returns the status of its response, 0 if it was reset; and its body */
  async response(stream: number): Promise<{ status: number; body: string }> {
    const last = await this.until(each => each.stream === stream && (endsStream(each) || each.type === TYPES.reset))
    if (last.type === TYPES.reset) return { status: 0, body: '' }
    const all = this.frames.filter(each => each.stream === stream)
    const head = all.find(({ type }) => type === TYPES.headers)
    const body = Buffer.concat(all.filter(({ type }) => type === TYPES.data).map(({ payload }) => payload))
    return { status: head ? statusOf(head) : 0, body: body.toString('latin1') }
  }

  /** Waits until the server has closed the connection. */
  async end(): Promise<Ended> {
    await this.closed
    const last = this.frames.filter(({ type }) => type === TYPES.goaway).at(-1)
    return { code: last && codeOf(last), lastStream: last?.payload.readUInt32BE(0) }
  }

  toString(): string {
    return this.frames
      .map(({ type, flags, stream, payload }) => `${type}/${flags}/${stream}/${payload.length}`)
      .join(' ')
  }

  #read(bytes: Buffer): void {
    const { frames, rest } = readFrames(Buffer.concat([this.#rest, bytes]))
    this.#rest = Buffer.from(rest)
    for (const each of frames) {
      this.frames.push(each)
      if (this.acknowledges && each.type === TYPES.settings && !isAck(each)) this.write(settingsAck())
    }
  }
}

interface Wishes {
  readonly host: string
  readonly port: number
}

/**
 * Connects by TLS with `h2`, and sends the preface; the connection ends with the test at the latest.
 * @param parameters  of SETTINGS, beside that of a dynamic table of size 0
 */
export async function connectHttp2(
  t: Test,
  { host, port }: Wishes,
  parameters: readonly (readonly [number, number])[] = [],
): Promise<RawHttp2> {
  const socket = connect({ host, port, ALPNProtocols: ['h2'], rejectUnauthorized: false })
  const raw = new RawHttp2(socket)
  atEnd(t, () => socket.destroy())
  await once(socket, 'secureConnect')
  if (socket.alpnProtocol !== 'h2') throw new Error(`the server speaks ${String(socket.alpnProtocol)}, not h2`)
  raw.write(PREFACE, settings([[PARAMETERS.headerTableSize, 0], ...parameters]))
  return raw
}
