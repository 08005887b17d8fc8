import type { Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { Log } from '../helpers/log.js'
import { root } from '../helpers/root.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server, Target } from '../helpers/server-process.js'
import { spawnClean } from '../helpers/spawn.js'

/** A script that listens by itself, in a folder of docs/examples. */
export interface Example {
  readonly folder: string
  readonly script: string
}

/** What each of them prints when it listens. */
export const LISTENING = /^Listening on port (?<port>\d+)$/

/** Serves it where it lies, so that it finds its packages; unchanged, and nothing is written there. */
export function startExample(t: Test, { folder, script }: Example, options: ServerOptions = {}): Promise<Server> {
  return startServer(t, { spec: script, ...options, cwd: `${root}docs/examples/${folder}` })
}

/** `node SCRIPT`, on a free port. */
export async function startPlain(t: Test, { folder, script }: Example): Promise<Target> {
  const preload = `${root}test/fixtures/frameworks/any-port.js`
  const command = [process.execPath, '--import', preload, script]
  const child = spawnClean(command, { cwd: `${root}docs/examples/${folder}` })
  atEnd(t, () => child.kill('SIGKILL'))
  const output = new Log()
  if (child.stdout) output.read(child.stdout)
  child.stderr?.resume()
  const { msg } = await output.wait(LISTENING)
  return { host: '127.0.0.1', port: Number(LISTENING.exec(msg)?.groups?.port) }
}
