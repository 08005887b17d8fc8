import { delimiter, resolve } from 'node:path'
import { compileAccessFormat } from '../lib/logging/access-format.js'
import {
  parseSyslogAddress,
  SYSLOG_FORMS,
  type SyslogAddress,
  syslogAddressText,
} from '../lib/logging/syslog-address.js'
import { findGroup, findUser } from '../lib/sys/accounts.js'
import { availableCpus } from '../lib/sys/cpus.js'
import { type Parser, refuse } from './parser.js'

/** Reads an integer from `min` to `max`, both included. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Parser<number, number | `${number}`> {
  const unlimited = max === Number.MAX_SAFE_INTEGER
  const wanted = unlimited ? `an integer of at least ${min}` : `an integer from ${min} to ${max}`
  return {
    wanted,
    metavar: 'N',
    parse(found) {
      const value = toInteger(found)
      return value >= min && value <= max ? value : refuse(found, wanted)
    },
    print: String,
  }
}

/** Returns NaN if `found` is no integer. */
function toInteger(found: unknown): number {
  const value = typeof found === 'string' && /^-?\d+$/.test(found) ? Number(found) : found
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : Number.NaN
}

/** Reads a number of workers; `auto` is one for each CPU that this process may use. */
export const workerCount: Parser<number, number | `${number}` | 'auto'> = {
  wanted: 'an integer of at least 1, or "auto"',
  metavar: 'N',
  parse(found) {
    const value = found === 'auto' ? availableCpus() : toInteger(found)
    return value >= 1 ? value : refuse(found, workerCount.wanted)
  },
  print: String,
}

/** Reads one of `names`, or of the synonyms of some of them. `metavar` is the argument's name in `--help`. */
export function choice<const Name extends string, const Synonym extends string = never>(
  metavar: string,
  names: readonly Name[],
  synonyms?: Readonly<Record<Synonym, NoInfer<Name>>>,
): Parser<Name, Name | Synonym> {
  const words = new Map<unknown, Name>(Object.entries<Name>(synonyms ?? {}))
  for (const name of names) words.set(name, name)
  const wanted = names.map(name => JSON.stringify(name)).join(' or ')
  const parse = (found: unknown) => words.get(found) ?? refuse(found, wanted)
  return { wanted, metavar, choices: names, parse, print: String }
}

/** Reads a switch: present or absent on a command line, true or false in a config file. */
export const boolean: Parser<boolean> = {
  wanted: 'true or false',
  parse(found) {
    if (found === true || found === 'true') return true
    if (found === false || found === 'false') return false
    return refuse(found, boolean.wanted)
  },
  print: String,
}

/** Reads text that is not empty. */
export function text(metavar: string): Parser<string> {
  const wanted = 'text that is not empty'
  const isText = (found: unknown): found is string => typeof found === 'string' && found !== '' && !found.includes('\0')
  return { wanted, metavar, parse: found => (isText(found) ? found : refuse(found, wanted)), print: String }
}

/** Reads the target of a request: a path, perhaps with a query. */
export const urlPath: Parser<string> = {
  ...text('PATH'),
  wanted: 'a path of the application that begins with /, such as /healthz',
  parse: found => (typeof found === 'string' && /^\/[!-"$-~]*$/.test(found) ? found : refuse(found, urlPath.wanted)),
}

/** Reads where a syslog daemon listens. */
export const syslogAddress: Parser<SyslogAddress, string> = {
  wanted: SYSLOG_FORMS,
  metavar: 'ADDRESS',
  parse(found) {
    return (typeof found === 'string' && parseSyslogAddress(found)) || refuse(found, SYSLOG_FORMS)
  },
  print: syslogAddressText,
}

/** Reads the format of the access log: Gunicorn's atoms, or `json`. */
export const accessFormat: Parser<string> = {
  ...text('FORMAT'),
  wanted: "Gunicorn's atoms, or json",
  parse(found) {
    if (typeof found !== 'string' || found === '') return refuse(found, accessFormat.wanted)
    if (found !== 'json') compileAccessFormat(found)
    return found
  },
}

/** Reads a file's path. Symbolic links in it are kept, since their targets may change. */
export const path: Parser<string> = { ...text('FILE'), wanted: 'a path', anchor: (file, base) => resolve(base, file) }

/** Reads paths, perhaps none. */
export const paths: Parser<readonly string[], string | readonly string[]> = {
  wanted: 'paths',
  metavar: 'FILE',
  repeatable: true,
  parse: found => (Array.isArray(found) ? found : [found]).map(each => path.parse(each)),
  print: files => files.join(', '),
  anchor: (files, base) => files.map(file => resolve(base, file)),
}

/** Reads directories in one text, with commas between, as Gunicorn does, or as in PATH. */
export const directories: Parser<readonly string[], string | readonly string[]> = {
  wanted: 'directories, with commas between',
  metavar: 'DIRS',
  parse(found) {
    const items = typeof found === 'string' ? found.split(new RegExp(`[,${delimiter}]`)) : found
    if (!Array.isArray(items)) return refuse(found, directories.wanted)
    return items
      .map(each => (typeof each === 'string' ? each.trim() : refuse(each, directories.wanted)))
      .filter(Boolean)
  },
  print: values => values.join(', '),
  anchor: (values, base) => values.map(value => resolve(base, value)),
}

/** Reads the name of an environment variable; `none` is no variable, an empty name. */
export const variableName: Parser<string> = {
  wanted: 'the name of an environment variable, or none',
  metavar: 'NAME',
  parse(found) {
    if (found === 'none' || found === '') return ''
    return typeof found === 'string' && /^[A-Za-z_]\w*$/.test(found) ? found : refuse(found, variableName.wanted)
  },
  print: name => name || 'none',
}

/** The last number of 32 bits stands for none. */
const MOST_ACCOUNTS = 2 ** 32 - 1

/** Reads the name or the number of an account, if `exists` knows it. */
function account(kind: 'user' | 'group', exists: (text: string) => boolean): Parser<string, string | number> {
  const wanted = `the name of a ${kind} of this machine, or a number`
  return {
    wanted,
    metavar: kind.toUpperCase(),
    parse(found) {
      const text = typeof found === 'number' ? String(found) : found
      if (typeof text !== 'string' || text === '' || text.includes('\0')) return refuse(found, wanted)
      const isId = /^\d{1,10}$/.test(text) && Number(text) < MOST_ACCOUNTS
      return isId || (!/^[\d-]/.test(text) && exists(text)) ? text : refuse(found, wanted)
    },
    print: String,
  }
}

export const userName = account('user', text => findUser(text) !== undefined)
export const groupName = account('group', text => findGroup(text) !== undefined)

/** Reads a umask: a number, or octal digits. Text of several digits has a zero in front, so that it says what it is. */
export const fileMask: Parser<number, number | string> = {
  wanted: 'a file mode mask in octal, from 0 to 0777',
  metavar: 'MASK',
  parse(found) {
    const digits = typeof found === 'string' ? /^(?:0o?)?([0-7]{1,3})$/.exec(found)?.[1] : undefined
    const isClear = typeof found === 'string' && (found.startsWith('0') || found.length === 1)
    const value = digits !== undefined && isClear ? Number.parseInt(digits, 8) : found
    const isMask = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0o777
    return isMask ? value : refuse(found, fileMask.wanted)
  },
  print: mask => mask.toString(8).padStart(4, '0'),
}

/** Reads a log's path, or `-` for a standard stream. */
export const logFile: Parser<string> = {
  ...path,
  wanted: 'a path or "-"',
  anchor: (file, base) => (file === '-' ? file : ofThisProcess(resolve(base, file))),
}

/** Names a descriptor of the arbiter's, as shells give one for `>(COMMAND)`, so that workers find it too. */
function ofThisProcess(path: string): string {
  return path.replace(/^\/(dev|proc\/self)\/fd\/(?![0-2]$)(?=\d+$)/, `/proc/${process.pid}/fd/`)
}

const fileOrGlob: Parser<string> = { ...text('FILE'), wanted: 'a path or a glob' }

/** Reads paths or globs, perhaps none. They stay relative: a directory before them could hold characters of globs. */
export const globs: Parser<readonly string[], string | readonly string[]> = {
  wanted: 'paths or globs',
  metavar: 'FILE',
  repeatable: true,
  parse: found => (Array.isArray(found) ? found : [found]).map(each => fileOrGlob.parse(each)),
  print: values => values.join(', '),
}

/** Reads one or more of what `item` reads; a single one needs no array. */
export function list<Value, Input>(item: Parser<Value, Input>): Parser<readonly Value[], Input | readonly Input[]> {
  const wanted = `at least one of ${item.wanted}`
  return {
    ...item,
    wanted,
    repeatable: true,
    parse(found) {
      const items: readonly unknown[] = Array.isArray(found) ? found : [found]
      if (items.length === 0) refuse(found, wanted)
      return items.map(each => item.parse(each))
    },
    print: values => values.map(value => item.print(value)).join(', '),
    anchor: (values, base) => values.map(value => item.anchor?.(value, base) ?? value),
  }
}
