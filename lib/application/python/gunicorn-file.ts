import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { gunicornOptions } from '../../../config/gunicorn/options.js'
import { hookNames, hooks } from '../../../config/hooks.js'
import type { GunicornFile } from '../../../config/interpreter.js'
import { snakeCase } from '../../../config/names.js'
import { UnicornError } from '../../errors.js'
import { PythonError } from '../../gateway/python/python-error.js'
import { ArbiterHooks } from './arbiter-hooks.js'
import { type Circumstances, startReader } from './gunicorn-reader.js'

/** For how long the file may run, in milliseconds. */
const LONGEST = 30_000

/** What Python answers. */
type Answer =
  | { readonly values: Readonly<Record<string, unknown>>; readonly hooks: readonly string[] }
  | { readonly error: string; readonly traceback: string }
  /** What was found and wanted. */
  | { readonly refused: string }

/**
 * Runs a config file of Gunicorn's, in a process of its own that ends when it has been read.
 * @param location  an absolute path, or `python:MODULE`
 * @throws UnicornError with the Python traceback, if it cannot be read
 */
export async function readGunicornFile(location: string, circumstances: Circumstances): Promise<GunicornFile> {
  const where = `config file ${location}`
  if (!location.startsWith('python:') && !existsSync(location)) {
    throw new UnicornError(`${where}: found no such file`, { found: 'nothing', wanted: 'a file', where })
  }
  const answer = await answerOf(location, circumstances, where)
  if ('refused' in answer) throw new UnicornError(`${where}: ${answer.refused}`, { found: answer.refused, where })
  if ('error' in answer) {
    const trace = answer.traceback.trimEnd()
    throw new UnicornError(`${where} failed: ${answer.error}\n${trace}`, { where, error: new PythonError(trace) })
  }
  return { location, ...answer, runner: new ArbiterHooks(location, answer.hooks, circumstances) }
}

async function answerOf(location: string, circumstances: Circumstances, where: string): Promise<Answer> {
  const wanted = {
    settings: Object.keys(gunicornOptions),
    hooks: Object.fromEntries(
      hookNames.filter(name => name !== 'sslContext').map(name => [snakeCase(name), hooks[name].parameters]),
    ),
  }
  const { child, channel } = startReader(location, circumstances, { type: 'read', timeout: LONGEST, ...wanted })
  const [said, [code, signal]] = await Promise.all([text(channel).catch(() => ''), once(child, 'exit')])
  if (said !== '') return JSON.parse(said) as Answer // gunicorn_config.py sends no others
  const how = signal === 'SIGKILL' ? `it was not done after ${LONGEST} ms` : `Python ended with ${signal ?? code}`
  throw new UnicornError(`${where} failed: ${how}`, { found: how, where })
}
