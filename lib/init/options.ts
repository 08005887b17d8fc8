import { Command, CommanderError } from 'commander'
import { UnicornError } from '../errors.js'

/** The files that `unicorn init` writes beside the config file, if it is asked to. */
export const EXTRAS = ['systemd', 'procfile', 'dockerfile', 'nginx'] as const
export type Extra = (typeof EXTRAS)[number]

/** What the command line of `unicorn init` says. */
export interface InitOptions {
  /** The application, if it is named. */
  readonly app: string | undefined
  /** A file of PM2's, or of Gunicorn's. */
  readonly from: string | undefined
  /** Of PM2's file: `env_NAME` is wanted too. */
  readonly env: string | undefined
  /** Of the service; the project's own if it is left out. */
  readonly name: string | undefined
  readonly extras: readonly Extra[]
  readonly dryRun: boolean
  readonly stdout: boolean
}

const FOOTER = `
It writes unicorn.config.ts (.js if the project has no TypeScript) and overwrites nothing: a file that is there is left
as it is, and if it was asked for, the exit code is 1. It asks no questions.

Examples:
  unicorn init
  unicorn init --systemd --nginx
  unicorn init server.js --dry-run
  unicorn init --from ecosystem.config.js --env production

An application whose module is called init is named as ./init.js or init:application.`

/**
 * Reads the arguments behind `init`.
 * @returns the text of the help if that was asked for
 * @throws UnicornError if an option is unknown, with the nearest one, or lacks its argument
 */
export function readInitOptions(argv: readonly string[]): InitOptions | string {
  let output = ''
  const command = buildCommand(text => {
    output += text
  })
  try {
    command.parse([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return output
    const fault = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
    throw new UnicornError(`unicorn init: ${fault}; see unicorn init --help`, { found: fault, where: 'command line' })
  }
  return collect(command)
}

function buildCommand(write: (text: string) => void): Command {
  return new Command('unicorn init')
    .usage('[options] [MODULE:EXPORT]')
    .description('Writes a config file for the project in this directory.')
    .argument('[MODULE:EXPORT]', 'the application, if it is not to be looked for')
    .option('--systemd', 'write a systemd service and its socket')
    .option('--procfile', 'write a Procfile')
    .option('--dockerfile', 'write a Dockerfile')
    .option('--nginx', 'write a site for nginx')
    .option('--from <FILE>', 'take the settings from ecosystem.config.js, or another file of PM2')
    .option('--env <NAME>', 'with --from, add what env_NAME has')
    .option('-n, --name <NAME>', 'the name of the service (default: that of package.json, or of the directory)')
    .option('--dry-run', 'write nothing, and say what would be written')
    .option('--stdout', 'write no file, and print what would be in it')
    .helpOption('-h, --help', 'print this help and exit')
    .addHelpText('after', FOOTER)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => {} })
}

function collect(command: Command): InitOptions {
  const given: Readonly<Record<string, unknown>> = command.opts()
  const text = (name: string): string | undefined => (typeof given[name] === 'string' ? given[name] : undefined)
  const options = {
    app: command.args[0],
    from: text('from'),
    env: text('env'),
    name: text('name'),
    extras: EXTRAS.filter(extra => given[extra] === true),
    dryRun: given.dryRun === true,
    stdout: given.stdout === true,
  }
  if (options.env !== undefined && options.from === undefined) throw contradiction('--env', 'it needs --from')
  if (options.from !== undefined && options.app !== undefined) throw contradiction(options.app, '--from names it')
  return options
}

function contradiction(found: string, why: string): UnicornError {
  return new UnicornError(`unicorn init: found ${found}, but ${why}; see unicorn init --help`, {
    found,
    where: 'command line',
  })
}
