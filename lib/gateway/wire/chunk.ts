import { Buffer } from 'node:buffer'
import { isUint8Array } from 'node:util/types'
import { describe } from '../../sys/describe.js'
import { ApplicationBreach } from '../failure.js'

/** One piece of a response body; a string goes out as UTF-8. */
export type Chunk = Uint8Array | string

/** True for arrays of another realm too (`node:vm`). */
export function isChunk(value: unknown): value is Chunk {
  return typeof value === 'string' || isUint8Array(value)
}

/** @throws ApplicationBreach if `value` is neither bytes nor text */
export function checkChunk(value: unknown, origin: string): asserts value is Chunk {
  if (!isChunk(value)) throw new ApplicationBreach(`${origin} ${describe(value)}: wanted a Uint8Array or a string`)
}

/** @throws ApplicationBreach if one of `values` is no chunk */
export function checkChunks(values: readonly unknown[]): asserts values is readonly Chunk[] {
  for (const value of values) checkChunk(value, 'the body has')
}

/** Bytes of a chunk on the wire. */
export function sizeOf(chunk: Chunk): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength
}

/** The first `size` bytes of a chunk. */
export function cutTo(chunk: Chunk, size: number): Uint8Array {
  return (typeof chunk === 'string' ? Buffer.from(chunk) : chunk).subarray(0, size)
}
