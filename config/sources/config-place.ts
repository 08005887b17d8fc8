import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Given } from '../settings.js'
import { parse } from '../values.js'
import { findConfigFile, isConfigFile } from './file.js'

/** Where the config file is: this server's own, or one in Python. It may be either if its name does not tell. */
export interface ConfigPlace {
  readonly file?: string | undefined
  readonly gunicorn?: string | undefined
  /** It was not named, but found in the directory. */
  readonly isFound?: boolean
  /** The other one that lies there. */
  readonly unread?: string | undefined
}

const GUNICORN_FILE = 'gunicorn.conf.py'

/** @param given  the setting `config` */
export function configPlace(given: Given | undefined, cwd: string): ConfigPlace {
  if (given) {
    const named = String(parse('config', given))
    if (named.startsWith('python:')) return { gunicorn: named }
    const file = resolve(cwd, named.replace(/^file:/, ''))
    if (file.endsWith('.py')) return { gunicorn: file }
    return isConfigFile(file) ? { file } : { file, gunicorn: file }
  }
  const file = findConfigFile(cwd)
  const gunicorn = join(cwd, GUNICORN_FILE)
  const hasGunicorn = existsSync(gunicorn)
  if (file !== undefined) return { file, unread: hasGunicorn ? gunicorn : undefined }
  return hasGunicorn ? { gunicorn, isFound: true } : {}
}
