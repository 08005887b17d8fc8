import type { Socket } from 'node:net'
import type { Peer } from '../exchange.js'
import type { HttpPolicy } from '../policy.js'
import type { Refusal } from '../refusal.js'
import type { Preface } from './proxy-protocol.js'

/** A connection of which nothing was read. */
interface NewConnection {
  readonly socket: Socket
  readonly peer: Peer
}

/** How a preface ends, one of both. */
interface Outcome {
  /** The socket was given back what is behind it, which is HTTP, or TLS. */
  begin(preface: Preface): void
  refuse(refusal: Refusal): void
}

/** Reads what stands before all else on a connection, within the time for a head, and leaves what is behind it. */
export function awaitPreface(
  { socket, peer }: NewConnection,
  { preface, headerTimeout }: Pick<HttpPolicy, 'preface' | 'headerTimeout'>,
  outcome: Outcome,
): void {
  let held = Buffer.alloc(0)
  const done = (): void => {
    clearTimeout(timer)
    socket.off('readable', look).off('end', onEnd).off('error', ignore).off('close', done)
  }
  const refuse = (refusal: Refusal): void => {
    done()
    socket.on('error', ignore)
    outcome.refuse(refusal)
  }
  const look = (): void => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) held = Buffer.concat([held, chunk])
    if (held.length === 0) return
    const found = preface?.read(held, peer)
    if (found === undefined) return
    if ('status' in found) return refuse(found)
    done()
    const rest = held.subarray(found.size)
    if (rest.length > 0) socket.unshift(rest)
    outcome.begin(found)
  }
  const onEnd = (): void => {
    if (held.length > 0) return refuse({ status: 400, why: 'the PROXY header is not complete' })
    done()
    socket.destroySoon()
  }
  const onLate = (): void => {
    // A late loop leaves what came in time to the kernel: one more turn reads it.
    setImmediate(() => socket.listeners('readable').includes(look) && refuse({ status: 408, why: 'PROXY too slow' }))
  }
  const timer = headerTimeout > 0 ? setTimeout(onLate, headerTimeout).unref() : undefined
  socket.on('readable', look).on('end', onEnd).on('error', ignore).on('close', done)
}

/** A client that is gone is no error: the socket closes. */
function ignore(): void {}
