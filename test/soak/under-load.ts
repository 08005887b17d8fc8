import type { Outcome, Scale } from './scenario.js'
import { SoakServer, type SoakServerOptions } from './soak-server.js'
import { type Demands, SteadyLoad } from './steady-load.js'

/** Short enough that a drain, which waits for idle clients, fits many times into a soak; in whole seconds. */
const KEEP_ALIVE = 1

export interface UnderLoad {
  readonly soaked: SoakServer
  readonly load: SteadyLoad
}

interface Plan {
  readonly options?: Partial<SoakServerOptions>
  readonly demands?: Demands
  readonly scale: Scale
  /** What happens while the load runs. @returns what was done, for people */
  readonly act: (under: UnderLoad) => Promise<string>
  /** What else to say of it, when the load has stopped and before the server does. */
  readonly conclude?: (under: UnderLoad) => Partial<Outcome>
}

/** Runs a server under a steady load, has something happen to it, and counts what failed. */
export async function underLoad({ options = {}, demands, scale, act, conclude }: Plan): Promise<Outcome> {
  const args = ['--keep-alive', String(KEEP_ALIVE), ...(options.args ?? [])]
  const soaked = await SoakServer.start({ workers: scale.workers, ...options, args })
  try {
    const load = new SteadyLoad(soaked.server.target, scale.rate, demands)
    try {
      await load.lasts(scale.quietSeconds, scale.signal)
      const did = await act({ soaked, load })
      // Drains that have begun come to an end in it.
      await load.lasts(scale.quietSeconds, scale.signal)
      await load.stop()
      const { sent: requests, failures, slowest } = load
      return { requests, failures, slowest, did, ...conclude?.({ soaked, load }) }
    } finally {
      await load.stop()
    }
  } finally {
    await soaked.stop()
  }
}

/** @param act gets the number of the round, from 0 */
export async function rounds(
  count: number,
  { signal }: Scale,
  act: (round: number) => Promise<unknown>,
): Promise<void> {
  for (let round = 0; round < count; round++) {
    signal.throwIfAborted()
    await act(round)
  }
}
