import { connect } from 'node:net'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'

/** Between two pieces, in milliseconds: so that the server usually reads them one by one. It may well not. */
const APART = 1

/** How long a connection may take, in milliseconds, longer than every limit of the server. */
const CEILING = 60_000

export interface Place {
  readonly host: string
  readonly port: number
  /** This end's address, by which the lines of the access log are told apart. */
  readonly localAddress: string
}

export interface Sent {
  /** All that came, as characters of Latin-1. */
  readonly text: string
  readonly ending: 'closed' | 'reset' | 'open'
}

/** How often a client drips, in milliseconds. */
const DRIP = 50

export interface Manners {
  /** The client closes its sending side behind the bytes. */
  readonly ends?: boolean
  /** What it sends again and again. */
  readonly drip?: string
}

/** Sends the pieces on a connection of their own, and waits until the server closes it. */
export async function send(place: Place, pieces: readonly string[], { ends, drip = '' }: Manners): Promise<Sent> {
  const socket = connect({ ...place, allowHalfOpen: true, noDelay: true }).setEncoding('latin1')
  let text = ''
  let ending: Sent['ending'] = 'closed'
  socket.on('data', more => {
    text += more
  })
  socket.on('error', () => {
    ending = 'reset'
  })
  const over = new Promise<void>(resolve => {
    socket.once('end', () => socket.end())
    socket.once('close', () => resolve())
  })
  const limit = setTimeout(() => {
    ending = 'open'
    socket.destroy()
  }, CEILING)
  for (const piece of pieces) {
    if (socket.writableEnded || socket.destroyed) break
    socket.write(piece, 'latin1')
    if (pieces.length === 1) break
    await pause(APART)
    // Reads before it writes on: a write that fails would lose an answer which is here.
    await turn()
  }
  if (ends) socket.end()
  const dripping = setInterval(() => socket.writable && socket.write(drip), DRIP)
  if (drip === '') clearInterval(dripping)
  await over
  clearInterval(dripping)
  clearTimeout(limit)
  return { text, ending }
}

/** How the bytes of a case come: whole, torn at the ends of lines, or in a few pieces. */
export const TEARS: readonly ((bytes: string) => string[])[] = [
  bytes => [bytes],
  bytes => cutAt(bytes, lineEnds(bytes)),
  bytes => cutAt(bytes, [1, bytes.length / 3, bytes.length / 2, bytes.length - 1].map(Math.floor)),
]

/** Pieces that a case is torn into at most, so that a body of many lines takes no minute. */
const MOST = 16

/** Between CR and LF, and behind LF. */
function lineEnds(bytes: string): number[] {
  return [...bytes.matchAll(/(?<=\r)(?=\n)|(?<=\n)/g)].map(({ index }) => index).slice(0, MOST)
}

function cutAt(bytes: string, places: readonly number[]): string[] {
  const ends = [...new Set([...places, bytes.length])].sort((a, b) => a - b)
  return ends.map((end, i) => bytes.slice(ends[i - 1] ?? 0, end)).filter(piece => piece !== '')
}
