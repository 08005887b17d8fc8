import { adoptHandle } from '../../listeners/server-handle.js'
import { connectedPair } from '../../sys/socket-calls.js'
import type { Dialect } from './dialect.js'
import { HandleTransport } from './handle-transport.js'
import { isStreamHandle } from './stream-handle.js'
import type { Receiver } from './transport.js'

/** More bytes than the kernel takes at once, so that a write has to wait. */
const MUCH = 1 << 20
const TEXT = 'caf\xe9'

/** How long the whole test may take, in milliseconds: on a busy machine it takes 20. */
const LONGEST = 5000

/** One end of the pair, with what it has heard. */
class End implements Receiver {
  readonly transport: HandleTransport
  text = ''
  size = 0
  hasEnded = false
  hasDrained = false
  isLost = false
  error: unknown
  onEvent: () => void = () => {}

  constructor(fd: number, dialect: Dialect) {
    const handle = adoptHandle(fd)
    if (!isStreamHandle(handle)) throw new TypeError('a handle without the members that are needed')
    this.transport = new HandleTransport(handle, { ...dialect, buffer: Buffer.alloc(1 << 16) })
    this.transport.connect(this)
    this.transport.start()
  }

  received(bytes: Buffer, size: number): void {
    this.size += size
    if (this.text.length < 100) this.text += bytes.toString('latin1', 0, size)
    this.onEvent()
  }

  ended(): void {
    this.hasEnded = true
    this.onEvent()
  }

  drained(): void {
    this.hasDrained = true
    this.onEvent()
  }

  lost(): void {
    this.isLost = true
    this.onEvent()
  }

  failed(error: unknown): void {
    this.error = error
    this.onEvent()
  }
}

/**
 * Tries on a pair of connected sockets what a transport does with a handle: text, bytes and both, a write that waits,
 * a reader that stops, the end of one side, and of the connection.
 */
export async function worksOnHandles(dialect: Dialect): Promise<boolean> {
  const ends: End[] = []
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), LONGEST)
  try {
    for (const fd of connectedPair()) ends.push(new End(fd, dialect))
    const [one, other] = ends
    return one !== undefined && other !== undefined && (await behave(one, other, limit.signal))
  } catch {
    return false
  } finally {
    clearTimeout(timer)
    for (const { transport } of ends) transport.close()
  }
}

async function behave(one: End, other: End, limit: AbortSignal): Promise<boolean> {
  const until = (end: End, isDone: () => boolean): Promise<boolean> => heard(end, isDone, limit)
  one.transport.sendText(TEXT)
  one.transport.send([Buffer.from('bytes')])
  one.transport.send(['both', Buffer.from('!')])
  const wanted = `${TEXT}bytesboth!`
  if (!(await until(other, () => other.text === wanted)) || one.transport.unsent !== 0) return false
  other.transport.stop()
  one.transport.send([Buffer.alloc(MUCH)])
  if (one.transport.unsent === 0 || one.hasDrained) return false
  other.transport.start()
  if (!(await until(other, () => other.size === wanted.length + MUCH))) return false
  if (!(await until(one, () => one.hasDrained)) || one.transport.unsent !== 0) return false
  // A read of a whole buffer is followed by one that finds nothing, which is no end.
  if (other.hasEnded || other.isLost) return false
  one.transport.end()
  if (!(await until(other, () => other.hasEnded))) return false
  other.transport.sendText('answer')
  if (!(await until(one, () => one.text === 'answer'))) return false
  other.transport.close()
  return until(one, () => one.hasEnded || one.isLost)
}

/** Resolves when the end has heard enough, or false at the time limit. */
function heard(end: End, isDone: () => boolean, limit: AbortSignal): Promise<boolean> {
  return new Promise(resolve => {
    const look = (): void => {
      if (isDone() || limit.aborted) resolve(!limit.aborted)
    }
    end.onEvent = look
    limit.addEventListener('abort', look, { once: true })
    look()
  })
}
