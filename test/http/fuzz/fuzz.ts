import type { HttpPolicy } from '../../../lib/http/policy.js'
import { Random } from '../../gateway/fuzz/random.js'
import { LIMITS } from '../native/limits.js'
import { randomConnection } from './connections.js'
import { classify } from './differences.js'
import { LlhttpStream } from './llhttp.js'
import { readNatively } from './native-stream.js'
import { bytesOf, type Outcome } from './outcome.js'

/** So small that a usual request reaches them. */
const SMALL: HttpPolicy = {
  ...LIMITS,
  limitRequestLine: 40,
  limitRequestFields: 4,
  limitRequestFieldSize: 40,
  limitRequestBody: 20,
}

const NONE: HttpPolicy = { ...LIMITS, limitRequestLine: 0, limitRequestFields: 0, limitRequestFieldSize: 0 }

/** How often each class of differences was found, and the shortest example of it. */
export type Found = Map<string, { count: number; example: string }>

/** Gives `count` connections to our readers, whole, byte by byte and in random pieces, and to llhttp. */
export function fuzz(seed: number, count: number): Found {
  const random = new Random(seed)
  const found: Found = new Map()
  for (let i = 0; i < count; i++) {
    const text = randomConnection(random)
    const name = compare(random, bytesOf(text), policyOf(random))
    const entry = found.get(name) ?? { count: 0, example: text }
    entry.count++
    if (text.length < entry.example.length) entry.example = text
    found.set(name, entry)
  }
  return found
}

function policyOf(random: Random): HttpPolicy {
  return random.chance(0.85) ? LIMITS : random.pick([SMALL, SMALL, NONE])
}

/** Where bytes were torn decides nothing. */
export const TORN = 'torn: pieces are read differently'

function compare(random: Random, bytes: Buffer, policy: HttpPolicy): string {
  const whole = readNatively(bytes, [bytes.length], policy)
  const ends = [Array.from(bytes, (_, i) => i + 1), randomEnds(random, bytes.length)]
  if (ends.some(places => textOf(readNatively(bytes, places, policy)) !== textOf(whole))) return TORN
  return classify({ bytes, ours: whole, theirs: new LlhttpStream(policy).read(bytes) })
}

function randomEnds(random: Random, size: number): number[] {
  const ends: number[] = []
  for (let end = random.whole(1, 40); end < size; end += random.whole(1, 40)) ends.push(end)
  return [...ends, size]
}

function textOf({ requests, refusal, closed }: Outcome): string {
  return JSON.stringify([requests, refusal?.status, closed])
}
