import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { gunicornOptions } from '../../../config/gunicorn/options.js'
import { hookNames } from '../../../config/hooks.js'
import type { Draft, GunicornFile, Interpreter } from '../../../config/interpreter.js'
import { snakeCase } from '../../../config/names.js'
import { UnicornError } from '../../errors.js'
import { PythonError } from '../../gateway/python/python-error.js'
import { packageFile } from '../../sys/package.js'
import type { Surroundings } from './interpreter.js'

const READER = fileURLToPath(packageFile('python/gunicorn_config.py'))

/** For how long the file may run, in milliseconds. */
const LONGEST = 30_000

/** What Python answers. */
type Answer =
  | { readonly values: Readonly<Record<string, unknown>>; readonly hooks: readonly string[] }
  | { readonly error: string; readonly traceback: string }

interface Reading extends Pick<Surroundings, 'env'>, Pick<Draft, 'cwd' | 'pythonpath'> {
  readonly interpreter: Interpreter
}

/**
 * Runs a config file of Gunicorn's in the directory that `unicorn` was started in, as Gunicorn does.
 * @param location  an absolute path, or `python:MODULE`
 * @throws UnicornError with the Python traceback, if it cannot be read
 */
export async function readGunicornFile(location: string, reading: Reading): Promise<GunicornFile> {
  const where = `config file ${location}`
  if (!location.startsWith('python:') && !existsSync(location)) {
    throw new UnicornError(`${where}: found no such file`, { found: 'nothing', wanted: 'a file', where })
  }
  const answer = await answerOf(location, reading, where)
  if ('error' in answer) {
    const trace = answer.traceback.trimEnd()
    throw new UnicornError(`${where} failed: ${answer.error}\n${trace}`, { where, error: new PythonError(trace) })
  }
  return { location, interpreter: reading.interpreter, ...answer }
}

async function answerOf(
  location: string,
  { interpreter, env, cwd, pythonpath }: Reading,
  where: string,
): Promise<Answer> {
  const child = spawn(interpreter.executable, [READER, location], {
    cwd,
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    timeout: LONGEST,
    killSignal: 'SIGKILL',
  })
  const channel = child.stdio[3] as Socket // 'pipe' makes a socket of it
  const settings = Object.keys(gunicornOptions)
  channel.write(`${JSON.stringify({ settings, hooks: hookNames.map(snakeCase), path: [...pythonpath, cwd] })}\n`)
  const [said, [code, signal]] = await Promise.all([text(channel).catch(() => ''), once(child, 'exit')])
  if (said !== '') return JSON.parse(said) as Answer // gunicorn_config.py sends no others
  const how = signal === 'SIGKILL' ? `it was not done after ${LONGEST} ms` : `Python ended with ${signal ?? code}`
  throw new UnicornError(`${where} failed: ${how}`, { found: how, where })
}
