import { describe } from '../../sys/describe.js'
import { ApplicationBreach } from '../failure.js'
import type { Body } from './body.js'
import { type Chunk, checkChunk } from './chunk.js'
import type { Outgoing } from './outgoing.js'

/**
 * Sends what a body yields, chunk by chunk, and asks for no more than the client takes. Stops early if the rest is not
 * needed: the client is gone, the response has no body, its Content-Length is exceeded.
 * @param first  a chunk that was asked for before
 * @throws what the iterator throws, ApplicationBreach for what is no chunk
 */
export async function pump(body: Body, response: Outgoing, first?: Promise<Chunk | undefined>): Promise<void> {
  let next = first
  while (!response.gone && !response.full) {
    const chunk = await (next ?? nextChunk(body))
    next = undefined
    if (chunk === undefined || response.gone) return
    if (!response.write(chunk)) await response.drained()
  }
}

/** @returns undefined at the end @throws what the iterator throws, ApplicationBreach for what is no chunk */
export async function nextChunk(body: Body): Promise<Chunk | undefined> {
  try {
    const result: unknown = await body.open().next()
    if (typeof result !== 'object' || result === null) {
      throw new ApplicationBreach(`the iterator of the body gave ${describe(result)}: wanted { value, done }`)
    }
    if ('done' in result && result.done) {
      body.exhausted = true
      return undefined
    }
    const chunk = 'value' in result ? result.value : undefined
    checkChunk(chunk, 'the body yielded')
    return chunk
  } catch (error) {
    // A generator that yields what is no chunk is still alive; only an error of its own has ended it.
    if (!(error instanceof ApplicationBreach)) body.exhausted = true
    throw error
  }
}
