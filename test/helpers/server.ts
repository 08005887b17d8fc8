import type { Test } from 'tap'
import { hello } from './apps.js'
import { atEnd, testdir } from './at-end.js'
import { messages } from './messages.js'
import { unicornBin } from './root.js'
import { Server } from './server-process.js'
import { spawnClean } from './spawn.js'

export interface ServerOptions {
  /** More arguments of the command line, behind the ones made of the options below. */
  readonly args?: readonly string[]
  /** Positional argument; '' for none. */
  readonly spec?: string
  readonly workers?: number
  /** '' leaves `--bind` out. */
  readonly bind?: string
  /** The content of app.js in the working directory. */
  readonly app?: string
  /** More files of the working directory. */
  readonly files?: Readonly<Record<string, string>>
  /** A directory that is there already; `app` and `files` are not written then. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Lines of level error or fatal that must come; any other such line fails the test. */
  readonly expectErrors?: readonly RegExp[]
  /** Runs the server through another command, such as unshare(1). */
  readonly through?: readonly string[]
  readonly detached?: boolean
  /** Arguments of Node itself. */
  readonly nodeArgs?: readonly string[]
}

/** All tests run on this engine then, instead of the one that the server chooses: TEST_HTTP_ENGINE=node npm test. */
const engine = process.env.TEST_HTTP_ENGINE

/** Starts the real server and waits until it listens and every worker is ready. It is gone when the test is. */
export async function startServer(t: Test, options: ServerOptions = {}): Promise<Server> {
  const server = spawnServer(t, options)
  await server.log(messages.listening)
  await server.ready(options.workers ?? 1)
  return server
}

/** Starts the real server, which may also refuse to start. */
export function spawnServer(t: Test, options: ServerOptions = {}): Server {
  const cwd = options.cwd ?? testdir(t, { 'app.js': options.app ?? hello, ...options.files })
  const command = [
    ...(options.through ?? []),
    process.execPath,
    ...(options.nodeArgs ?? []),
    unicornBin,
    ...argumentsOf(options),
  ]
  const child = spawnClean(command, { cwd, env: options.env ?? {}, detached: options.detached ?? false })
  const server = new Server(child, { cwd, expectErrors: options.expectErrors ?? [] })
  atEnd(t, () => server.finish())
  return server
}

function argumentsOf({
  args = [],
  spec = 'app:application',
  workers = 1,
  bind = '127.0.0.1:0',
}: ServerOptions): string[] {
  return [
    ...(workers === 1 ? [] : ['--workers', String(workers)]),
    ...(bind === '' ? [] : ['--bind', bind]),
    ...(engine === undefined ? [] : ['--http-engine', engine]),
    ...args,
    ...(spec === '' ? [] : [spec]),
  ]
}
