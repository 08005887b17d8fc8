import type { Body } from '../wire/body.js'
import { type Chunk, sizeOf } from '../wire/chunk.js'
import type { Outgoing } from '../wire/outgoing.js'
import { nextChunk, pump } from '../wire/pump.js'

/** How much of a stream may be held back to see whether it ends: bytes, and chunks. */
const ENOUGH = 64 * 1024
const MANY = 16

/** What a stream gave at once. */
interface Opening {
  readonly chunks: readonly Chunk[]
  /** The next chunk is under way; absent where the stream has ended. */
  readonly next?: Promise<Chunk | undefined>
}

/**
 * Sends a stream. One that ends within this turn of the event loop is sent as a whole, with its length; where nothing comes in this
 * turn, the head goes ahead.
 * @returns false where it was shorter than its Content-Length
 */
export async function relay(body: Body, outgoing: Outgoing): Promise<boolean> {
  if (outgoing.gone) return true
  const { chunks, next } = await opening(body)
  if (outgoing.gone) return true
  if (next === undefined) return outgoing.sendWhole(chunks)
  if (chunks.length === 0) outgoing.flush()
  for (const chunk of chunks) outgoing.write(chunk)
  await pump(body, outgoing, next)
  return outgoing.gone || outgoing.finish()
}

async function opening(body: Body): Promise<Opening> {
  const chunks: Chunk[] = []
  const late = Symbol('late')
  const turn = new Promise<typeof late>(resolve => setImmediate(resolve, late))
  for (let size = 0; ; ) {
    const next = nextChunk(body)
    if (size >= ENOUGH || chunks.length >= MANY) return { chunks, next }
    const chunk = await Promise.race([next, turn])
    if (chunk === late) return { chunks, next }
    if (chunk === undefined) return { chunks }
    chunks.push(chunk)
    size += sizeOf(chunk)
  }
}
