import { printConfig } from '../config/print.js'
import { resolveConfig, type Sources } from '../config/resolve.js'
import { readCommandLine } from '../config/sources/cli.js'
import { hidePrivate, workingDirectory } from '../config/sources/env.js'
import { pythonProjects } from './application/python/projects.js'
import { Arbiter, type ArbiterOptions } from './arbiter/arbiter.js'
import { checkApplication } from './arbiter/check.js'
import { predecessorOf } from './arbiter/handover.js'
import type { ProcessEvents } from './arbiter/signals.js'
import { Doors } from './control/control.js'
import { daemonize, type Start } from './daemon/daemonize.js'
import { LAUNCHER, Launcher } from './daemon/launcher.js'
import { ExitCode, toError, UnicornError } from './errors.js'
import type * as Init from './init/init.js'
import { checkLogs, lostLogs } from './logging/check-logs.js'
import { requireBundle, version } from './sys/package.js'
import { activationOf } from './systemd/activation.js'
import { tellFailure } from './systemd/failure.js'

/** The subcommand, if it is the first argument. An application of that name is `./init.js` or `init:application`. */
const INIT = 'init'

/** What the command does to the process that it runs in. */
interface Out {
  /** Writes a text to standard output. */
  readonly print: (text: string) => void
  /** Ends the process: it was told to stop before there was a server. */
  readonly end: () => void
}

/** How the processes of a server are started, and what happens to this one. */
interface Processes {
  /** The file that workers run. */
  readonly exec: string
  readonly commandLine: readonly string[]
  readonly events: ProcessEvents
}

/**
 * Runs the command `unicorn`: answers `--help` and `--version`, prints or checks the configuration, or runs a server to
 * its end.
 * @param given arguments and environment
 * @param processes only `bin` knows them
 * @returns the exit code; @throws UnicornError, which has the exit code
 */
export async function runCommand(
  given: Pick<Sources, 'argv' | 'env'>,
  processes: Processes,
  out: Out,
): Promise<ExitCode> {
  const env = { ...given.env }
  hidePrivate()
  const launcher = Launcher.of(env)
  delete env[LAUNCHER] // a successor has none
  try {
    return await run({ argv: given.argv, env }, { ...processes, launcher }, out)
  } catch (error) {
    tellFailure(env, toError(error))
    await launcher?.failed(error)
    throw error
  }
}

async function run(
  given: Pick<Sources, 'argv' | 'env'>,
  { exec, commandLine, events, launcher }: Processes & { readonly launcher: Launcher | undefined },
  { print, end }: Out,
): Promise<ExitCode> {
  const [first, ...rest] = given.argv
  if (first === INIT) {
    events.release()
    return init(rest, workingDirectory(given.env), print)
  }
  const line = readCommandLine(given.argv)
  if (line.kind === 'answer') {
    print(line.output)
    return ExitCode.ok
  }
  if (line.given.has('checkConfig') || line.given.has('printConfig')) events.release()
  else events.endAtStop(end)
  const activation = activationOf(given.env)
  const sources = { ...given, cwd: workingDirectory(given.env) }
  const reconfigure = () => resolveConfig(sources, line, pythonProjects())
  const resolved = await reconfigure()
  if (resolved.config.checkConfig || resolved.config.printConfig) events.release()
  const options: ArbiterOptions = {
    exec,
    commandLine: { ...sources, argv: commandLine },
    version: version(),
    activation,
    reconfigure,
    events,
    launcher,
    control: server => new Doors(server),
  }
  if (resolved.config.printConfig) {
    print(printConfig(resolved))
    return ExitCode.ok
  }
  checkLogs(resolved.config)
  if (resolved.config.checkConfig) return checkApplication(resolved, options)
  if (resolved.config.daemon && !launcher && predecessorOf(given.env) === undefined) {
    const onStop: Start['onStop'] = stop => events.endAtStop(stop)
    return inBackground({ command: commandLine, env: given.env, onStop }, lostLogs(resolved.config))
  }
  return new Arbiter(resolved, options).run()
}

/** @param warning  about a server that does start */
async function inBackground(start: Omit<Start, 'say'>, warning: string | undefined): Promise<ExitCode> {
  const say: Start['say'] = sentence => process.stderr.write(`unicorn: ${sentence}\n`)
  const exitCode = await daemonize({ ...start, say })
  if (warning !== undefined) say(warning)
  return exitCode
}

/** From a bundle of its own: no server needs it. */
async function init(argv: readonly string[], cwd: string, print: Out['print']): Promise<ExitCode> {
  const { runInit } = requireBundle<typeof Init>('init.cjs')
  const { exitCode, failure } = await runInit(argv, cwd, print)
  if (failure) throw new UnicornError(failure.message, failure.fault, exitCode)
  return exitCode
}
