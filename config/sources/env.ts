import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { UnicornError } from '../../lib/errors.js'
import type { Environment } from '../define-config.js'
import type { Given, Layer } from '../given.js'
import type { Variable } from '../setting.js'
import { rows, type SettingName, settingNames } from '../settings.js'

/** The environment of this process. */
export function currentEnvironment(): Environment {
  return process.env
}

/** What the environment says; an empty variable counts as not set. */
export function readEnvironment(env: Environment): Layer {
  const given = new Map<SettingName, Given>()
  for (const name of settingNames) {
    const variable = rows[name].variable
    const value = variable && env[variable.name]
    if (variable && value) given.set(name, { value: meaning(variable, value), origin: `environment ${variable.name}` })
  }
  return given
}

function meaning({ name, means }: Variable, value: string): string {
  return means?.replace(`$${name}`, () => value) ?? value
}

/**
 * The working directory by the name that the shell has for it, so that a `current` symbolic link stays one: `$PWD` where
 * that is the same directory as `cwd`. To be asked once, at the start; later the link may lead elsewhere.
 */
export function workingDirectory(env: Environment, cwd: string): string {
  const { PWD } = env
  if (PWD === undefined || !isAbsolute(PWD)) return cwd
  const named = statSync(PWD, { throwIfNoEntry: false })
  const real = statSync(cwd)
  return named?.ino === real.ino && named.dev === real.dev ? PWD : cwd
}

/** A piece of a word, in the rules of POSIX shells (XCU, section 2.2): escaped, single quoted, double quoted, plain. */
const PIECE = /\\([\s\S])|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|([^\s'"\\]+)|(\s+)/y

/**
 * `text` split into words as a shell would, with quotes and backslashes; nothing is expanded.
 *
 * @throws UnicornError where a quote is not closed or a backslash ends the text
 */
export function splitWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (const [, escaped, single, double, plain, space] of pieces(text)) {
    if (escaped === '\n') continue
    if (space === undefined) {
      word = (word ?? '') + (escaped ?? single ?? plain ?? unescaped(double ?? ''))
    } else if (word !== undefined) {
      words.push(word)
      word = undefined
    }
  }
  return word === undefined ? words : [...words, word]
}

function pieces(text: string): (string | undefined)[][] {
  const found = [...text.matchAll(new RegExp(PIECE, 'gy'))]
  const end = found.reduce((length, [piece]) => length + piece.length, 0)
  if (end === text.length) return found
  const rest = text.slice(end)
  const wanted = rest.startsWith('\\') ? 'a character after the last backslash' : `a closing ${rest[0]}`
  throw new UnicornError(`UNICORN_CMD_ARGS: found ${rest}, wanted ${wanted}`, {
    found: rest,
    wanted,
    where: 'UNICORN_CMD_ARGS',
  })
}

/** Between double quotes a backslash escapes only these. */
function unescaped(text: string): string {
  return text.replace(/\\([$`"\\\n])/g, (_, escaped: string) => (escaped === '\n' ? '' : escaped))
}
