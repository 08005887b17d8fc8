import cluster from 'node:cluster'
import type { Config } from '../../../config/settings.js'
import { ExitCode } from '../../errors.js'
import { setTitle } from '../../sys/process-title.js'
import { Channel } from '../channel.js'
import { Exits } from '../exit/exits.js'
import { WorkerSignals } from '../signals.js'
import type { Worker } from '../worker.js'
import { takeAccount } from './account.js'
import { Booting } from './booting.js'
import { refuseClusterCalls } from './no-cluster.js'
import { type BootStep, STEPS } from './steps.js'

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
  channel.onClosed = end

  const snapshot = await channel.bootMessage()
  setTitle('worker', snapshot.config.procName)

  const refusal = takeAccount(snapshot)
  const booting = new Booting(snapshot, { channel, exits, signalListeners: signals.listeners })
  if (refusal) return booting.fail(refusal)
  const cause = (): ReturnType<typeof channel.causeOfEnd> => channel.causeOfEnd(snapshot.arbiterPid)
  channel.onClosed = async () => ((await cause()) === 'orphaned' ? end() : booting.disconnected())
  const worker = await takeSteps(booting)
  if (!worker) return end()
  // It ends when the cause is known.
  if (!channel.isOpen) return

  signals.handlers = worker
  channel.onClosed = async () => worker[await cause()]()
  channel.onMessage = message => worker.receive(message)
  worker.serve()
}

/** Never rejects: the step that fails ends the process. @returns undefined if only a check was asked for */
async function takeSteps(boot: Booting): Promise<Worker | undefined> {
  const steps = Object.values(STEPS).filter(({ inCheck }) => inCheck || !boot.snapshot.checkOnly)
  let present: BootStep | undefined
  const endLimit = limitBoot(boot, () => present)
  try {
    for (const step of steps) {
      present = step
      boot.failure = step.failure ?? ExitCode.workerBoot
      await step.run(boot)
      // Reports of it may still be on their way.
      if (boot.hasFailed) break
    }
  } catch (error) {
    return await boot.fail(error)
  } finally {
    endLimit()
  }
  return boot.hasFailed ? new Promise(() => {}) : boot.worker
}

/** How much longer a boot that was logged may take, in milliseconds: the process may have been stopped until then. */
const GRACE = 500

/**
 * Logs which step the boot is stuck in when `bootTimeout` has passed since the start of the process, and ends the
 * process soon after. If the event loop is blocked, the watchdog does both instead.
 * @returns ends the limit
 */
function limitBoot(boot: Booting, present: () => BootStep | undefined): () => void {
  const limit = boot.config.bootTimeout
  if (limit === 0) return () => {}
  const report = async (): Promise<void> => {
    if (boot.hasFailed) return
    const within = `within ${limit} ms (--boot-timeout)`
    const why = await present()?.stuck?.(within, boot)
    const message = `Worker failed to boot: ${why ?? `not ready ${within}`}`
    boot.report({ level: 'fatal', message, fields: { limit } })
    timer = setTimeout(() => boot.exits.end(ExitCode.workerBoot), GRACE)
  }
  let timer = setTimeout(() => void report(), Math.max(0, limit - process.uptime() * 1000)).unref()
  return () => clearTimeout(timer)
}
