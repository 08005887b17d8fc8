import { isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

type Environment = Readonly<Record<string, string | undefined>>

/** Options of Node that take a module's name, which is a path if it begins with a dot. */
const MODULES = new Set(['--import', '--require', '-r', '--experimental-loader', '--loader'])

/** Options of Node that take a path. */
const FILES = new Set([
  '--env-file',
  '--env-file-if-exists',
  '--experimental-config-file',
  '--openssl-config',
  '--icu-data-dir',
  '--localstorage-file',
  '--redirect-warnings',
  '--trace-event-file-pattern',
  '--tls-keylog',
  '--cpu-prof-dir',
  '--heap-prof-dir',
  '--diagnostic-dir',
  '--report-dir',
  '--report-directory',
  '--allow-fs-read',
  '--allow-fs-write',
])

/** Environment variables of Node and OpenSSL that hold a path, or several with colons between them. */
const PATH_VARIABLES = [
  'NODE_PATH',
  'NODE_EXTRA_CA_CERTS',
  'NODE_ICU_DATA',
  'NODE_REDIRECT_WARNINGS',
  'NODE_V8_COVERAGE',
  'NODE_COMPILE_CACHE',
  'OPENSSL_CONF',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
]

/** A word of NODE_OPTIONS: double quotes hold blanks, and a backslash in them takes the next character as it is. */
const WORD = /(?:"(?:[^"\\]|\\.)*"|[^" ])+/gs
const QUOTED = /"((?:[^"\\]|\\.)*)"/gs

/** Splits NODE_OPTIONS into arguments as Node does. Returns undefined if Node will refuse it. */
export function splitNodeOptions(text: string): string[] | undefined {
  if (text.replace(QUOTED, '').includes('"')) return undefined
  const words = text.match(WORD) ?? []
  return words.map(word => word.replace(QUOTED, (_, quoted: string) => quoted.replace(/\\(.)/gs, '$1')))
}

/** Arguments of Node: those that NODE_OPTIONS may have too, and those that Node takes on its command line alone. */
export function sortArguments(args: readonly string[]): { readonly anywhere: string[]; readonly inFront: string[] } {
  const [anywhere, inFront]: [string[], string[]] = [[], []]
  let place = anywhere
  for (const arg of args) {
    // What is no option is the value of the one before.
    if (arg.startsWith('-')) place = process.allowedNodeEnvironmentFlags.has(arg) ? anywhere : inFront
    place.push(arg)
  }
  return { anywhere, inFront }
}

/** Makes relative paths in arguments of Node absolute. */
export function anchorArguments(args: readonly string[], directory: string): string[] {
  return args.map((arg, at) => {
    const [name = '', ...value] = arg.split('=')
    if (name.startsWith('--') && value.length > 0) return `${name}=${anchored(name, value.join('='), directory)}`
    return anchored(args[at - 1] ?? '', arg, directory)
  })
}

/** Makes relative paths in NODE_OPTIONS absolute. */
function anchorNodeOptions(text: string, directory: string): string {
  const args = splitNodeOptions(text)
  if (!args) return text
  return anchorArguments(args, directory)
    .map(word => (/[ "]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word))
    .join(' ')
}

/** Returns what is to be changed in an environment, so that the relative paths in it that Node reads are absolute. */
export function anchorEnvironment(env: Environment, directory: string): Environment {
  const changed: Record<string, string> = {}
  for (const name of PATH_VARIABLES) {
    const paths = env[name]?.split(':').map(path => (path === '' ? path : resolve(directory, path)))
    if (paths) changed[name] = paths.join(':')
  }
  if (env.NODE_OPTIONS !== undefined) changed.NODE_OPTIONS = anchorNodeOptions(env.NODE_OPTIONS, directory)
  return changed
}

/** @returns the modules that Node loads before all others, as its arguments and NODE_OPTIONS name them */
export function preloadsOf(args: readonly string[], nodeOptions = ''): string[] {
  return optionValues([...(splitNodeOptions(nodeOptions) ?? []), ...args], ...MODULES)
}

/** @returns the values that an option has in arguments of Node, in their order */
export function optionValues(args: readonly string[], ...names: string[]): string[] {
  return args.flatMap((arg, at) => {
    const [name = '', ...value] = arg.split('=')
    if (names.includes(arg)) return args[at + 1] ?? []
    return name.startsWith('--') && names.includes(name) ? value.join('=') : []
  })
}

function anchored(option: string, value: string, directory: string): string {
  // Node takes `--env_file` for `--env-file`.
  const name = option.replaceAll('_', '-')
  if (FILES.has(name)) return isAbsolute(value) || value === '*' ? value : resolve(directory, value)
  if (!MODULES.has(name) || !/^\.{1,2}(\/|$)/.test(value)) return value
  const isPath = name === '--require' || name === '-r'
  return isPath ? resolve(directory, value) : new URL(value, pathToFileURL(`${directory}/`)).href
}
