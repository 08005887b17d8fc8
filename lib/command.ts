import { printConfig } from '../config/print.js'
import { resolveConfig, type Sources } from '../config/resolve.js'
import { readCommandLine } from '../config/sources/cli.js'
import { Arbiter, type ArbiterOptions } from './arbiter/arbiter.js'
import { checkApplication } from './arbiter/check.js'
import { ExitCode } from './errors.js'
import { checkLogs } from './logging/check-logs.js'
import { version } from './sys/package.js'

/**
 * Runs the command `unicorn`: answers `--help` and `--version`, prints or checks the configuration, or runs a server to
 * its end.
 * @param processes how the processes of a server are started; only `bin` knows
 * @param print writes a text to standard output
 * @returns the exit code; @throws UnicornError, which has the exit code
 */
export async function runCommand(
  sources: Sources,
  processes: Pick<ArbiterOptions, 'exec' | 'commandLine'>,
  print: (text: string) => void,
): Promise<ExitCode> {
  const line = readCommandLine(sources.argv)
  if (line.kind === 'answer') {
    print(line.output)
    return ExitCode.ok
  }
  const reconfigure = () => resolveConfig(sources, line.given)
  const resolved = await reconfigure()
  const options = { ...processes, version: version(), reconfigure }
  if (resolved.config.printConfig) {
    print(printConfig(resolved))
    return ExitCode.ok
  }
  checkLogs(resolved.config)
  return resolved.config.checkConfig ? checkApplication(resolved, options) : new Arbiter(resolved, options).run()
}
