import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { errorCode, UnicornError } from '../lib/errors.js'
import type { Draft } from './interpreter.js'
import type { Given, Layer, SettingName } from './settings.js'
import { anchor, parse, resolvedValue } from './values.js'

/**
 * The settings that say of an application whether it is in Python, and of which.
 * @throws UnicornError if one of them cannot be used, or its directory is none
 */
export function draftOf(given: Layer, { cwd, variables }: Pick<Draft, 'cwd' | 'variables'>): Draft {
  const app = given.get('app')
  const known = { cwd, app: '' }
  const early = <Name extends keyof Draft & SettingName>(name: Name): Draft[Name] => {
    const chdir = resolve(cwd, String(resolvedValue('chdir', given.get('chdir'), known)))
    return anchor(name, resolvedValue(name, given.get(name), known), chdir) as Draft[Name] // the row's parser made it
  }
  const chdir = resolve(cwd, early('chdir'))
  checkDirectory(chdir, given.get('chdir'))
  return {
    cwd,
    variables,
    app: app && String(parse('app', app)),
    python: early('python'),
    pythonpath: early('pythonpath'),
    chdir,
    interface: early('interface'),
    rawEnv: early('rawEnv'),
  }
}

/** Does not resolve symbolic links in the path: each fork of a worker follows them again. */
function checkDirectory(path: string, given: Given | undefined): void {
  const where = given?.origin ?? 'default'
  const refused = (found: string, error?: unknown): UnicornError =>
    new UnicornError(`chdir: found ${path}, ${found} (${where})`, { found: path, where, error })
  let isDirectory: boolean | undefined
  try {
    isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory()
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') throw refused('which is no directory, wanted one', error)
    throw refused(`which cannot be looked at (${errorCode(error) ?? error}), wanted a directory that can`, error)
  }
  if (!isDirectory) throw refused('which is no directory, wanted one')
}
