import { Argument, Command, CommanderError, Option } from 'commander'
import { duration } from '../../config/units.js'
import { toError } from '../errors.js'
import { version } from '../sys/package.js'
import { type CommandRow, Options } from './command.js'
import { COMMANDS } from './commands.js'
import { SHELLS } from './completion.js'
import { CtlExit, Failure } from './failure.js'

/** What a command line asks for. */
export type Request =
  | { readonly kind: 'answer'; readonly output: string }
  | { readonly kind: 'completion'; readonly shell: string; readonly program: Command }
  | {
      readonly kind: 'command'
      readonly name: string
      readonly row: CommandRow
      readonly args: readonly string[]
      readonly options: Options
      /** In milliseconds. */
      readonly timeout: number | undefined
    }

const FOOTER = `
The control socket is that of --socket, of the config file that -c names, of UNICORN_CONTROL_SOCKET, or of the
unicorn.config.* in this directory.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no server, 4 timeout, 5 not permitted.`

const NO_COMMAND = 'found no command, wanted one; see unicornctl --help'

/** @throws Failure if the arguments are wrong, with the nearest that are right */
export function readArguments(argv: readonly string[]): Request {
  let output = ''
  let request: Request | undefined
  const program = buildProgram(
    text => {
      output += text
    },
    found => {
      request = found
    },
  )
  try {
    program.parse([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { kind: 'answer', output }
    if (error.code === 'commander.help') throw new Failure(NO_COMMAND, CtlExit.usage)
    const fault = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
    throw new Failure(`${fault}; see unicornctl --help`, CtlExit.usage)
  }
  if (request) return request
  throw new Failure(NO_COMMAND, CtlExit.usage)
}

function buildProgram(write: (text: string) => void, take: (request: Request) => void): Command {
  const program = new Command('unicornctl')
    .description('Looks at a running server and steers it, by its control socket.')
    .version(version(), '-V, --version', 'print the version and exit')
    .helpOption('-h, --help', 'print this help and exit')
    .option('--socket <PATH>', 'the control socket of the server')
    .option('-c, --config <FILE>', 'the config file of the server, which has its control socket')
    .option('--json', 'print JSON')
    .addOption(new Option('--timeout <DURATION>', 'how long it may take: 30s, 2m, 500ms'))
    .addHelpText('after', FOOTER)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: write, writeErr: () => {} })
  for (const [name, row] of Object.entries(COMMANDS)) program.addCommand(subcommand(name, row, take))
  program
    .command('completion')
    .description('print what completes these commands in a shell')
    .addArgument(new Argument('<SHELL>', SHELLS.join(', ')).choices(SHELLS))
    .action((shell: string) => take({ kind: 'completion', shell, program }))
  for (const each of program.commands) each.copyInheritedSettings(program)
  return program
}

function subcommand(name: string, row: CommandRow, take: (request: Request) => void): Command {
  const command = new Command(name).description(row.description)
  if (row.argument) {
    const argument = new Argument(row.argument.form, row.argument.description)
    command.addArgument(row.argument.choices ? argument.choices(row.argument.choices) : argument)
  }
  for (const { flags, description } of row.options ?? []) command.option(flags, description)
  return command.action(() => {
    const options = new Options(command.optsWithGlobals())
    take({ kind: 'command', name, row, args: command.args, options, timeout: timeoutOf(options) })
  })
}

function timeoutOf(options: Options): number | undefined {
  const given = options.text('timeout')
  if (given === undefined) return undefined
  try {
    const timeout = duration.parse(given)
    if (timeout > 0) return timeout
  } catch (error) {
    throw new Failure(`--timeout: ${toError(error).message}`, CtlExit.usage)
  }
  throw new Failure(`--timeout: found ${given}, wanted more`, CtlExit.usage)
}
