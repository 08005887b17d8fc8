import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Resolved } from '../../config/resolve.js'
import { ExitCode } from '../errors.js'
import { wrap } from '../worker/protocol.js'
import type { ArbiterOptions } from './arbiter.js'

/**
 * Loads the application once in a child that serves nothing, for `--check-config`. The child says on the error log what is wrong.
 * @returns the exit code that starting the server would end with
 */
export async function checkApplication(
  { config, file }: Resolved,
  { exec, version, command }: ArbiterOptions,
): Promise<ExitCode> {
  const child = fork(exec, [], {
    cwd: config.chdir,
    env: { ...command.env, ...config.rawEnv },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    ...(config.bootTimeout > 0 && { timeout: config.bootTimeout, killSignal: 'SIGKILL' }),
  })
  const self = { index: 0, age: 0, arbiterPid: process.pid, version, checkOnly: true }
  child.on('internalMessage', () =>
    child.send(wrap({ type: 'boot', config, configFile: file, listeners: [], ...self })),
  )
  const [code]: (number | null)[] = await once(child, 'exit')
  if (code === ExitCode.ok || code === ExitCode.appLoad) return code
  return ExitCode.workerBoot
}
