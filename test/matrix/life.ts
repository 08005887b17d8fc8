import type { Test } from 'tap'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

/** Python processes of each server. */
export const WORKERS = 3

/** A server of the matrix, with three Python processes behind one front. Each is killed once, see `live`. */
export function startMatrix(t: Test, options: ServerOptions): Promise<Server> {
  const args = ['--workers', String(WORKERS), '--restart-backoff', '10ms..50ms', ...(options.args ?? [])]
  return startServer(t, { expectErrors: [messages.pythonExited], ...options, args })
}

/**
 * A short life of a server: requests, a reload, requests, `kill -9` of a Python process, requests, TERM. Its log may
 * hold no line of level error but the one of the kill.
 * @param look  a few requests, and what must be so of their answers
 */
export async function live(t: Test, server: Server, look: () => Promise<unknown>): Promise<void> {
  await look()
  const old = server.pythons()
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await gone(...old)
  await look()
  const [killed = 0] = server.pythons()
  process.kill(killed, 'SIGKILL')
  await server.log(({ msg, pythonPid }) => messages.pythonExited.test(msg) && pythonPid === killed)
  await until('another one has taken its place', () => server.pythons().length === WORKERS)
  await look()
  t.same(await server.stop(), { code: 0, signal: null }, 'TERM')
}
