import { request } from 'node:https'
import { connect } from 'node:tls'
import t from 'tap'
import { makeCertificate } from '../helpers/certificates.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'
import { startUpgrade } from '../helpers/upgrade.js'

const NODE = 'export const application = (req, res) => res.end(String(process.ppid))'
/** Clients at once, each of whose requests has a connection of its own. */
const CLIENTS = 4
const SOME = 40

const directory = shortDir(t)
const own = makeCertificate(directory, { name: 'localhost' })
const TLS = ['--certfile', own.cert, '--keyfile', own.key]

function addressOf({ target }: Server): { host: string; port: number } {
  return { host: '127.0.0.1', port: 'port' in target ? target.port : 0 }
}

/** @returns the body @throws Error if the answer is not whole, or no 200 */
async function get(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ ...addressOf(server), rejectUnauthorized: false, agent: false }, res => {
      let text = ''
      res.on('data', part => {
        text += String(part)
      })
      res.on('error', reject)
      res.on('end', () => (res.statusCode === 200 ? resolve(text) : reject(new Error(String(res.statusCode)))))
    })
    asked.on('error', reject).end()
  })
}

/** One connection. @returns whether it went on with `session`, and the newest session that it was given */
async function visit(server: Server, session?: Buffer): Promise<{ reused: boolean; session: Buffer | undefined }> {
  const options = { ...addressOf(server), rejectUnauthorized: false }
  const socket = connect(session === undefined ? options : { ...options, session })
  let given: Buffer | undefined
  socket.on('session', ticket => {
    given = ticket
  })
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  socket.resume()
  await new Promise((resolve, reject) => socket.once('end', resolve).once('error', reject))
  return { session: given, reused: socket.isSessionReused() }
}

t.test('HUP and USR2 under load: no request fails, and sessions go on', async t => {
  const server = await startServer(t, { app: NODE, workers: 2, args: [...TLS, '--interface', 'node'] })
  const failures: unknown[] = []
  const arbiters = new Map<string, number>()
  let served = 0
  let isOver = false
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!isOver) {
      try {
        const arbiter = await get(server)
        arbiters.set(arbiter, (arbiters.get(arbiter) ?? 0) + 1)
        served++
      } catch (error) {
        failures.push(error)
      }
    }
  })
  const serveSome = (): Promise<void> => {
    const enough = served + SOME
    return until(`${SOME} more requests are served`, () => served >= enough)
  }
  await serveSome()
  const { session } = await visit(server)

  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await serveSome()
  t.ok((await visit(server, session)).reused, 'behind HUP')

  const successor = String(await startUpgrade(t, server))
  await until('the new arbiter serves', () => arbiters.has(successor))
  server.signal('SIGTERM')
  await server.log(messages.shutDown)
  await serveSome()
  t.ok((await visit(server, session)).reused, 'behind USR2')
  isOver = true
  await Promise.all(clients)
  t.same(failures, [], 'no request has failed')
  t.ok((arbiters.get(successor) ?? 0) > 0, 'the new arbiter has served')
})
