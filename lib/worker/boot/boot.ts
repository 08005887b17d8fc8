import cluster from 'node:cluster'
import type { Config } from '../../../config/settings.js'
import { ExitCode } from '../../errors.js'
import { Channel } from '../channel.js'
import { Exits } from '../exit/exits.js'
import { WorkerSignals } from '../signals.js'
import { Booting } from './booting.js'
import { refuseClusterCalls } from './no-cluster.js'
import { takeSteps } from './take-steps.js'

/** From a fresh process to a serving worker: signals and channel, boot message, steps (`steps.ts`), open gate. */
export async function boot(): Promise<void> {
  const exits = new Exits()
  const end = (): never => exits.end(ExitCode.ok)
  const abort = (): never => exits.end(ExitCode.workerBoot)
  const signals = new WorkerSignals({ drain: end, term: end, quit: end, abort, reopen: () => {} })
  // Node would end this process at once, without any drain, when the arbiter dies.
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true
  refuseClusterCalls()
  const channel = new Channel<Config>()
  channel.onClosed(end)

  const snapshot = await channel.bootMessage()
  process.title = `unicorn: worker [${snapshot.config.procName}]`

  const worker = await takeSteps(new Booting(snapshot, { channel, exits, signalListeners: signals.listeners }))
  if (!worker) return end()

  signals.handleBy(worker)
  channel.onClosed(() => worker.orphaned())
  channel.onMessage(message => worker.receive(message))
  worker.serve()
}
