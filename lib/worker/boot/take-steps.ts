import { ExitCode } from '../../errors.js'
import type { Worker } from '../worker.js'
import type { Booting } from './booting.js'
import { type BootStep, STEPS } from './steps.js'

/**
 * Takes the steps of a boot one after the other. Never rejects: the step that fails ends the process.
 * @returns the worker, or undefined if only a check was asked for
 */
export async function takeSteps(boot: Booting): Promise<Worker | undefined> {
  const steps = Object.values(STEPS).filter(({ inCheck }) => inCheck || !boot.snapshot.checkOnly)
  let present: BootStep | undefined
  const endLimit = limitBoot(boot, () => present)
  try {
    for (const step of steps) {
      present = step
      boot.failure = step.failure
      await step.run(boot)
    }
    return boot.worker
  } catch (error) {
    return boot.fail(error)
  } finally {
    endLimit()
  }
}

/** How much longer a boot may take that was logged, in milliseconds: the process may have been stopped meanwhile. */
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
    const within = `within ${limit} ms (--boot-timeout)`
    const why = await present()?.stuck?.(within, boot)
    boot.log.fatal({ limit }, `Worker failed to boot: ${why ?? `not ready ${within}`}`)
    timer = setTimeout(() => boot.exit(ExitCode.workerBoot), GRACE)
  }
  let timer = setTimeout(() => void report(), Math.max(0, limit - process.uptime() * 1000)).unref()
  return () => clearTimeout(timer)
}
