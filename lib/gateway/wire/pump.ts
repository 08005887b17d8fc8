import type { ServerResponse } from 'node:http'
import { describe } from '../../sys/describe.js'
import { ApplicationBreach } from '../failure.js'
import type { Body } from './body.js'
import { type Chunk, checkChunk } from './chunk.js'
import type { Outgoing } from './outgoing.js'

/**
 * Sends what a body yields, chunk by chunk, and asks for no more than the client takes. Stops early where nobody needs
 * the rest: client gone, no body on the wire, Content-Length exceeded.
 * @param first  a chunk that was asked for before
 * @throws what the iterator throws, ApplicationBreach for what is no chunk
 */
export async function pump(
  body: Body,
  response: Outgoing,
  res: ServerResponse,
  first?: Promise<Chunk | undefined>,
): Promise<void> {
  let next = first
  while (!response.gone && !response.full) {
    const chunk = await (next ?? nextChunk(body))
    next = undefined
    if (chunk === undefined || response.gone) return
    if (!response.write(chunk)) await drained(res)
  }
}

/** @returns undefined at the end; throws what the iterator throws, ApplicationBreach for what is no chunk */
export async function nextChunk(body: Body): Promise<Chunk | undefined> {
  try {
    const result: unknown = await body.next()
    if (typeof result !== 'object' || result === null) {
      throw new ApplicationBreach(`the iterator of the body gave ${describe(result)}: wanted { value, done }`)
    }
    if ('done' in result && result.done) {
      body.exhaust()
      return undefined
    }
    const chunk = 'value' in result ? result.value : undefined
    checkChunk(chunk, 'the body yielded')
    return chunk
  } catch (error) {
    // A generator that yields what is no chunk goes on living: only what it threw itself has ended it.
    if (!(error instanceof ApplicationBreach)) body.exhaust()
    throw error
  }
}

/** Resolves when the client has taken what was sent, or is gone; in a turn of its own, so that others get theirs. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const wake = (): void => {
      res.off('drain', wake)
      res.off('close', wake)
      setImmediate(resolve)
    }
    res.on('drain', wake)
    res.on('close', wake)
    if (!res.writableNeedDrain || res.destroyed) wake()
  })
}
