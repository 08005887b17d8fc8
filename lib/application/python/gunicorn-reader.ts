import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Draft, Interpreter } from '../../../config/interpreter.js'
import { packageFile } from '../../sys/package.js'
import type { Surroundings } from './interpreter.js'

const READER = fileURLToPath(packageFile('python/gunicorn_config.py'))

/** What a config file of Gunicorn's is run with. */
export interface Circumstances extends Pick<Surroundings, 'env'>, Pick<Draft, 'cwd' | 'pythonpath'> {
  readonly interpreter: Interpreter
}

/** Python with the config file, and the end of its channel, on which both sides send objects of JSON, one a line. */
export interface Reader {
  readonly child: ChildProcess
  readonly channel: Socket
}

/**
 * Starts Python in the directory that `unicorn` was started in, as Gunicorn reads its config file there.
 * @param location  an absolute path, or `python:MODULE`
 * @param wanted  what it is to do, but for the path of modules
 * @param timeout  in milliseconds, after which it is killed; 0 is never
 */
export function startReader(
  location: string,
  { interpreter, env, cwd, pythonpath }: Circumstances,
  {
    timeout,
    ...wanted
  }: { readonly type: 'read' | 'serve'; readonly timeout: number; readonly [name: string]: unknown },
): Reader {
  const child = spawn(interpreter.executable, [READER, location], {
    cwd,
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  })
  const channel = child.stdio[3] as Socket // 'pipe' makes a socket of it
  // The end of the process tells what an error here would.
  channel.on('error', () => {})
  channel.write(`${JSON.stringify({ ...wanted, path: [...pythonpath, cwd] })}\n`)
  return { child, channel }
}
