import type { Test } from 'tap'
import { accessLines, summaryOf } from '../helpers/access-lines.js'
import { answers } from '../helpers/answers.js'
import { type Holds, startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

export interface Scene {
  readonly server: Server
  readonly holds: Holds
  readonly client: Client
}

/** Starts a server with the application of all answers. */
export async function scene(t: Test, args: readonly string[], options: ServerOptions = {}): Promise<Scene> {
  const holds = await startHolds(t)
  const { spec = 'app:node' } = options
  const face = ['--interface', spec.slice('app:'.length)]
  const server = await startServer(t, { app: answers, env: holds.env, spec, ...options, args: [...face, ...args] })
  return { server, holds, client: new Client(t, server.target, { keepAlive: true }) }
}

/** Stops the server, and returns every line that there ever was, sorted. */
export async function everyLine(server: Server): Promise<string[]> {
  await server.stop()
  return accessLines(server).map(summaryOf).sort()
}
