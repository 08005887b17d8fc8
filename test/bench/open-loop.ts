import { request } from 'node:http'
import type { Address } from './raw-client.js'

export interface Arrival {
  /** Milliseconds from the beginning. */
  readonly at: number
  readonly path: string
}

export interface Schedule {
  readonly perSecond: number
  readonly seconds: number
  /** The same seed gives the same arrivals, so that contestants of one round face the same ones. */
  readonly seed: number
  /** The path of a request, by a number of 0 to 1. */
  readonly path: (random: number) => string
}

const LIMIT = 30_000

/** Poisson arrivals: clients that do not know of each other and do not wait for the server. */
export function arrivals({ perSecond, seconds, seed, path }: Schedule): Arrival[] {
  const random = randomFrom(seed)
  const list: Arrival[] = []
  for (let at = 0; at < seconds * 1000; at += (-Math.log(1 - random()) * 1000) / perSecond) {
    list.push({ at, path: path(random()) })
  }
  return list
}

/**
 * Sends each request at its time on a connection of its own, however slow the answers are.
 * @returns latencies in milliseconds, counted from the time at which the request was due: a late sender hides nothing
 */
export async function play(address: Address, list: readonly Arrival[], signal: AbortSignal): Promise<number[]> {
  const begin = performance.now()
  const answers: Promise<number>[] = []
  for (const { at, path } of list) {
    await dueIn(begin + at - performance.now())
    signal.throwIfAborted()
    const answer = answered({ ...address, path }).then(() => performance.now() - begin - at)
    // One may fail before all are awaited below; it is not lost, only reported then.
    answer.catch(() => {})
    answers.push(answer)
  }
  return Promise.all(answers)
}

/** Two requests that are due within one tick of the timer go out together. */
function dueIn(milliseconds: number): Promise<void> | undefined {
  return milliseconds < 1 ? undefined : new Promise(resolve => setTimeout(resolve, milliseconds))
}

function answered(target: Address & { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const req = request({ ...target, agent: false, timeout: LIMIT }, res => {
      res.resume()
      if (res.statusCode !== 200) reject(new Error(`answered with ${res.statusCode}`))
      res.on('end', resolve).on('error', reject)
    })
    req.on('timeout', () => req.destroy(new Error(`no answer within ${LIMIT} ms`)))
    req.on('error', reject)
    req.end()
  })
}

/** A linear congruential generator (Knuth's MMIX constants), 53 bits of which come out as 0 to below 1. */
export function randomFrom(seed: number): () => number {
  let state = BigInt(seed)
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n)
    return Number(state >> 11n) / 2 ** 53
  }
}
