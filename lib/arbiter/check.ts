import { once } from 'node:events'
import type { Resolved } from '../../config/resolve.js'
import { ExitCode } from '../errors.js'
import { ErrorLog } from '../logging/logger.js'
import { type FromWorker, unwrap, wrap } from '../worker/protocol.js'
import { accountOf } from './account.js'
import type { ArbiterOptions } from './arbiter.js'
import { newTicketKeys, readTls } from './certificates.js'
import { GRACE } from './pool.js'
import { spawnWorker, whyNotStarted } from './spawn.js'

/**
 * Loads the application once in a worker that serves nothing, for `--check-config`; that logs what is wrong. It is
 * forked like any other, so that an application which reads `cluster.isPrimary` takes the same branch.
 * @returns the exit code with which a start of the server would end
 */
export async function checkApplication(
  resolved: Resolved,
  { exec, version, commandLine }: Pick<ArbiterOptions, 'exec' | 'version' | 'commandLine'>,
): Promise<ExitCode> {
  const { config, file, advice, notes } = resolved
  const python = resolved.python && { python: { interpreter: resolved.python, processes: 1 } }
  const { logger } = ErrorLog.openOrStandard(config)
  for (const note of notes) logger.info(note)
  for (const sentence of advice) logger.warn(sentence)
  const material = await readTls(config, { env: commandLine.env, log: logger })
  const tls = material && { tls: { material, ticketKeys: await newTicketKeys() } }
  const child = spawnWorker(exec, resolved, { index: 0, fds: [] })
  const self = { index: 0, age: 0, arbiterPid: process.pid, version, checkOnly: true, account: accountOf(config) }
  child.on('internalMessage', (received: unknown) => {
    if (unwrap<FromWorker>(received)?.type !== 'hello') return
    child.send(wrap({ type: 'boot', config, configFile: file, listeners: [], ...self, ...python, ...tls }))
  })
  const { bootTimeout } = config
  const limit = bootTimeout > 0 ? setTimeout(() => child.kill('SIGKILL'), bootTimeout + GRACE) : undefined
  const [code = null]: (number | null)[] = await once(child, 'exit')
  clearTimeout(limit)
  if (code === ExitCode.ok || code === ExitCode.appLoad) return code
  const why = await whyNotStarted(resolved, 0, code)
  if (why !== undefined) logger.fatal(`Worker failed to boot: ${why}`)
  return ExitCode.workerBoot
}
