import type { Body } from '../wire/body.js'
import { type Chunk, sizeOf } from '../wire/chunk.js'
import type { Outgoing } from '../wire/outgoing.js'
import { nextChunk, pump } from '../wire/pump.js'

/** How much of a stream is held back to see whether it ends: bytes, and chunks. */
const ENOUGH = 64 * 1024
const MANY = 16

/**
 * Sends a stream: as a whole, with its length, if it ends within this turn of the event loop. If it has no chunk in
 * this turn, the head is sent ahead.
 */
export async function relay(body: Body, outgoing: Outgoing): Promise<void> {
  if (outgoing.gone) return
  const { chunks, next } = await opening(body)
  if (outgoing.gone) return
  if (next === undefined) return outgoing.sendWhole(chunks)
  if (chunks.length === 0) outgoing.flush()
  for (const chunk of chunks) outgoing.write(chunk)
  await pump(body, outgoing, next)
  if (!outgoing.gone) outgoing.finish()
}

/** The chunks that a stream has at once, and the one after them unless the stream has ended. */
async function opening(body: Body): Promise<{ chunks: Chunk[]; next?: Promise<Chunk | undefined> }> {
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
