import { Command, CommanderError, Option } from 'commander'
import { UnicornError } from '../../lib/errors.js'
import { version } from '../../lib/sys/package.js'
import { type AnySetting, defaultText, flagOf } from '../setting.js'
import { type Given, type Layer, rows, type SettingName, settingNames } from '../settings.js'
import { styleHelp } from './help.js'

/** What a command line holds: settings, or a request for `--help` or `--version`, to be answered instead of a start. */
export type CommandLine =
  | { readonly kind: 'settings'; readonly given: Layer }
  | { readonly kind: 'answer'; readonly output: string; readonly exitCode: 0 }

/**
 * Reads the arguments after the script's name. Values stay as they were written. Prints nothing and never exits.
 * @param source where the arguments are from, for messages and origins
 * @throws UnicornError if an option is unknown (with the nearest one) or lacks its argument, or if there are two
 * applications
 */
export function readCommandLine(argv: readonly string[], source = 'command line'): CommandLine {
  let output = ''
  const command = buildCommand(text => {
    output += text
  })
  try {
    command.parse([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { kind: 'answer', output, exitCode: 0 }
    throw refused(error, source)
  }
  return { kind: 'settings', given: collect(command, source) }
}

function buildCommand(write: (text: string) => void): Command {
  const command = new Command('unicorn')
    .usage('[options] MODULE:EXPORT')
    .argument('[MODULE:EXPORT]', rows.app.description)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => {} })
  styleHelp(command)
  for (const name of settingNames) for (const option of options(rows[name])) command.addOption(option)
  return command
    .optionsGroup('Help:')
    .version(version(), '-v, --version', 'print the version and exit')
    .helpOption('-h, --help', 'print this help and exit')
}

/** Makes the options of a setting. A switch has a hidden opposite too, to overrule a config file. */
function options(row: AnySetting): Option[] {
  if (!row.flags) return []
  const { metavar, repeatable } = row.parser
  const option = new Option(metavar ? `${row.flags} <${metavar}>` : row.flags, helpText(row))
  option.helpGroup(`${row.section}:`)
  if (repeatable) option.argParser((value, before: string[] | undefined) => [...(before ?? []), value])
  return metavar ? [option] : [option, new Option(opposite(flagOf(row))).hideHelp()]
}

function opposite(flag: string): string {
  return flag.startsWith('--no-') ? flag.replace('--no-', '--') : flag.replace('--', '--no-')
}

function helpText({ description, parser, variable, ...row }: AnySetting): string {
  const notes = [
    ...(parser.choices ? [`one of: ${parser.choices.join(', ')}`] : []),
    ...(parser.metavar ? [`default: ${defaultText({ description, parser, ...row })}`] : []),
    ...(variable ? [`env: ${variable.name}`] : []),
  ]
  return notes.length > 0 ? `${description} (${notes.join('; ')})` : description
}

function collect(command: Command, source: string): Layer {
  const given = new Map<SettingName, Given>()
  const [app] = command.args
  if (app !== undefined) given.set('app', { value: app, origin: source })
  const names = new Map(settingNames.map(name => [flagOf(rows[name]), name]))
  for (const option of command.options) {
    const name = names.get(option.long ?? '')
    const attribute = option.attributeName()
    if (!name || command.getOptionValueSource(attribute) !== 'cli') continue
    const origin = source === 'command line' ? `${source} ${option.long}` : source
    given.set(name, { value: command.getOptionValue(attribute), origin })
  }
  return given
}

/** Keeps commander's message, which says what is wrong and suggests the nearest option. */
function refused(error: CommanderError, source: string): UnicornError {
  const message = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
  return new UnicornError(`${source}: ${message}; see unicorn --help`, { found: message, where: source, error })
}
