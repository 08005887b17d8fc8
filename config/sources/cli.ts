import { Command, CommanderError, Option } from 'commander'
import { UnicornError } from '../../lib/errors.js'
import { version } from '../../lib/sys/package.js'
import { shellWord } from '../arguments.js'
import { type GunicornOption, gunicornOptions } from '../gunicorn/options.js'
import { adviceOnForeign } from '../gunicorn/translate.js'
import { type AnySetting, defaultText, flagOf } from '../setting.js'
import { type Given, type Layer, rows, type SettingName, settingNames } from '../settings.js'
import { elsewhere } from './elsewhere.js'
import { styleHelp } from './help.js'

/** What a command line holds: settings, or a request for `--help` or `--version`, to be answered instead of a start. */
export type CommandLine =
  | ({ readonly kind: 'settings' } & GivenSettings)
  | { readonly kind: 'answer'; readonly output: string; readonly exitCode: 0 }

/** The settings of a command line, and sentences for the log about options of Gunicorn's that do nothing here. */
export interface GivenSettings {
  readonly given: Layer
  readonly advice: readonly string[]
}

/** What follows it is the application's. */
const END = '--'

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
  const end = argv.indexOf(END)
  const args = end < 0 ? undefined : argv.slice(end + 1)
  try {
    command.parse(end < 0 ? [...argv] : argv.slice(0, end), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { kind: 'answer', output, exitCode: 0 }
    throw refused(error, command, source)
  }
  return { kind: 'settings', ...collect(command, { args, source }) }
}

function buildCommand(write: (text: string) => void): Command {
  const command = new Command('unicorn')
    .usage('[options] MODULE:EXPORT [-- ARGS]')
    .argument('[MODULE:EXPORT]', rows.app.description)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => {} })
  styleHelp(command)
  for (const name of settingNames) for (const option of options(rows[name])) command.addOption(option)
  for (const option of foreignOptions()) command.addOption(option)
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

/** Options that Gunicorn's command line has beside those of the table. */
function foreignOptions(): Option[] {
  return Object.values(gunicornOptions).flatMap(({ flags }) => (flags ? [new Option(flags).hideHelp()] : []))
}

function collect(
  command: Command,
  { args, source }: { args: readonly string[] | undefined; source: string },
): GivenSettings {
  const given = new Map<SettingName, Given>()
  const advice: string[] = []
  const [app] = command.args
  if (app !== undefined) given.set('app', { value: app, origin: source })
  if (args) given.set('args', { value: args, origin: source })
  for (const option of command.options) {
    const attribute = option.attributeName()
    const { long = '' } = option
    const name = SETTINGS.get(long)
    const foreign = FOREIGN.get(long)
    if ((!name && foreign === undefined) || command.getOptionValueSource(attribute) !== 'cli') continue
    const value: unknown = command.getOptionValue(attribute)
    if (isOfOpposite(option, value)) continue
    const origin = source === 'command line' ? `${source} ${long}` : source
    if (name) given.set(name, { value, origin })
    else if (foreign !== undefined) advice.push(...adviceOnForeign(foreign, value, { origin: source, shown: long }))
  }
  return { given, advice }
}

/** `--control-socket PATH` and `--no-control-socket` have one value: whether that is of the other of the two. */
function isOfOpposite({ negate, required }: Option, value: unknown): boolean {
  return (required && value === false) || (negate && typeof value === 'string')
}

/** The settings by their long flags, and in the second map Gunicorn's other settings by theirs. */
const SETTINGS = new Map<string, SettingName>([
  ...settingNames.map(name => [flagOf(rows[name]), name] as const),
  ...flagsOf(({ setting }) => setting),
])
const FOREIGN = new Map(flagsOf(({ setting }, name) => (setting ? undefined : name)))

function flagsOf<Name>(nameOf: (option: GunicornOption, name: string) => Name | undefined): [string, Name][] {
  return Object.entries(gunicornOptions).flatMap(([key, option]) => {
    const name = nameOf(option, key)
    return option.flags === undefined || name === undefined ? [] : [[new Option(option.flags).long ?? '', name]]
  })
}

/** Keeps commander's message, which says what is wrong and suggests the nearest option, unless more is known. */
function refused(error: CommanderError, command: Command, source: string): UnicornError {
  const fault = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
  const message = HINTS[error.code]?.(fault, command.args) ?? fault
  return new UnicornError(`${source}: ${message}; see unicorn --help`, { found: fault, where: source, error })
}

const HINTS: Readonly<Record<string, (fault: string, args: readonly string[]) => string>> = {
  'commander.excessArguments': (_, [app = '', ...more]) => {
    const [file = '', ...rest] = app === 'node' ? more : [app, ...more]
    const example = ['unicorn', file, ...(rest.length > 0 ? [END, ...rest] : [])].map(shellWord).join(' ')
    if (app === 'node') return `found node, whose place unicorn takes, as in: ${example}`
    const found = `too many arguments: found ${[app, ...more].join(' and ')}, wanted one MODULE:EXPORT`
    return `${found}; what the application gets follows --, as in: ${example}`
  },
  'commander.unknownOption': fault => {
    const flag = /'([^'=]+)/.exec(fault)?.[1] ?? ''
    const known = elsewhere(flag)
    const what = known === undefined ? fault : `unknown option '${flag}', wanted ${known}`
    return `${what}; an option of the application follows --, as in: unicorn app.js -- ${flag}`
  },
}
