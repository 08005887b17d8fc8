import type { Test } from 'tap'
import type { Balancer } from './balancer.js'
import type { Host } from './host.js'
import { type Lost, Traffic } from './traffic.js'

export interface Step {
  readonly name: string
  /** Whether requests that the host has at that moment may be lost. */
  readonly losesHost: boolean
  /** Once is enough for a test that others wait for. */
  readonly isSlow?: boolean
  readonly run: (host: Host, balancer: Balancer) => Promise<Seen>
}

/** When HAProxy saw what happened to a host, in milliseconds. */
interface Seen {
  readonly down?: number
  readonly up?: number
}

export interface Outcome {
  readonly step: Step
  readonly times: number
  readonly requests: number
  /** Those that may not happen. */
  readonly failures: readonly Lost[]
  /** Those that a host had when it was killed or cut off. */
  readonly lostWithHost: readonly Lost[]
  /** Requests that a host had refused, and another one took. */
  readonly redispatched: number
  readonly slowest: number
  readonly down: readonly number[]
  readonly up: readonly number[]
}

/** @param endsDelay  whether the `drainDelay` is ended by a second TERM when HAProxy has seen the host go */
export function stepsOf({ endsDelay }: { readonly endsDelay: boolean }): readonly Step[] {
  return [
    { name: 'HUP', losesHost: false, run: without(host => host.reload()) },
    { name: 'USR2, and TERM to the old arbiter', losesHost: false, run: without(host => host.upgrade()) },
    { name: 'TERM, and a new start', losesHost: false, run: (...args) => restart(endsDelay, ...args) },
    { name: 'KILL to all processes, and a new start', losesHost: true, run: kill },
    { name: 'cut off from the network, and connected again', losesHost: true, isSlow: true, run: cutOff },
  ]
}

/** What HAProxy need not see. */
function without(act: (host: Host) => Promise<void>): Step['run'] {
  return async (host, balancer) => {
    await act(host)
    await balancer.sees(host.name, 'UP')
    return {}
  }
}

async function restart(endsDelay: boolean, host: Host, balancer: Balancer): Promise<Seen> {
  const begun = performance.now()
  await host.announceStop()
  await balancer.sees(host.name, 'DOWN')
  const down = performance.now() - begun
  if (endsDelay) host.endDelay()
  await host.ended()
  return { down, up: await startAgain(host, balancer) }
}

async function kill(host: Host, balancer: Balancer): Promise<Seen> {
  const begun = performance.now()
  await host.kill()
  await balancer.sees(host.name, 'DOWN')
  const down = performance.now() - begun
  return { down, up: await startAgain(host, balancer) }
}

async function cutOff(host: Host, balancer: Balancer): Promise<Seen> {
  const begun = performance.now()
  host.cutOff()
  await balancer.sees(host.name, 'DOWN')
  const down = performance.now() - begun
  // Otherwise TCP would send again what was lost, and all would be as if nothing had happened.
  await balancer.leaves(host.name)
  const back = performance.now()
  host.reconnect()
  await balancer.sees(host.name, 'UP')
  return { down, up: performance.now() - back }
}

async function startAgain(host: Host, balancer: Balancer): Promise<number> {
  const begun = performance.now()
  await host.start()
  await balancer.sees(host.name, 'UP')
  return performance.now() - begun
}

interface Scene {
  readonly balancer: Balancer
  readonly hosts: readonly Host[]
  readonly concurrency: number
  readonly rounds: number
}

/** Has one thing happen to one host after the other, under load. */
export async function take(t: Test, step: Step, { balancer, hosts, concurrency, rounds }: Scene): Promise<Outcome> {
  const before = balancer.redispatches()
  const failures: Lost[] = []
  const lostWithHost: Lost[] = []
  const seen: Seen[] = []
  let requests = 0
  let slowest = 0
  for (const host of Array.from({ length: rounds }, () => hosts).flat()) {
    const traffic = new Traffic(t, balancer, concurrency)
    await traffic.flows()
    seen.push(await step.run(host, balancer))
    await traffic.flows()
    const figures = await traffic.stop()
    for (const lost of figures.failures)
      (step.losesHost && lost.host === host.name ? lostWithHost : failures).push(lost)
    requests += figures.requests
    slowest = Math.max(slowest, figures.slowest)
  }
  const down = seen.flatMap(({ down = [] }) => down)
  const up = seen.flatMap(({ up = [] }) => up)
  const redispatched = balancer.redispatches() - before
  const times = rounds * hosts.length
  return { step, times, requests, failures, lostWithHost, redispatched, slowest, down, up }
}
