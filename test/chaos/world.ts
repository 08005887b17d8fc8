import { messages } from '../helpers/messages.js'
import { until } from '../helpers/until.js'
import { Connection, type Demand, RequestFailed } from '../soak/connection.js'
import type { Loss } from '../soak/losses.js'
import { workersOf } from '../soak/ready-workers.js'
import type { SoakServer } from '../soak/soak-server.js'
import type { Random } from './random.js'

/** A server to which things happen, and what is known of it. */
export interface World {
  readonly soaked: SoakServer
  readonly random: Random
  /** How many workers it has when it is calm. */
  readonly workers: number
  /** What was lost with workers. */
  readonly losses: Loss[]
}

/** Waits until the server has all its workers, each of them ready, and nothing of before is left. */
export async function calm({ soaked: { server }, workers }: World): Promise<void> {
  await until(`${workers} workers are ready, and no others are left`, () => {
    const { ready, others } = workersOf(server.lines)
    return ready.length === workers && others.length === 0
  })
}

/** One of the workers of a calm server. */
export function victim({ soaked, random }: World): number {
  return random.pick(workersOf(soaked.server.lines).ready)
}

/** Waits for a line about a worker. */
export async function lineOf({ soaked }: World, message: RegExp, worker: number): Promise<void> {
  await soaked.server.log(({ msg, pid, workerPid }) => message.test(msg) && (workerPid ?? pid) === worker)
}

/** Waits until a worker is gone and its replacement ready. */
export async function replaced(world: World, worker: number): Promise<void> {
  await lineOf(world, messages.exited, worker)
  await calm(world)
}

/** Sends a request that is not of the load. @returns what it failed with, if anything */
export async function ask({ soaked }: World, demand: Demand): Promise<string | undefined> {
  const connection = new Connection(soaked.server.target)
  try {
    await connection.send(demand, 'close')
    return undefined
  } catch (error) {
    if (error instanceof RequestFailed) return error.kind
    throw error
  } finally {
    connection.close()
  }
}
