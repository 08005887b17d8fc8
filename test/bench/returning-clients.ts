import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'

/** How many come at once, and how often each of them comes back. */
export const CLIENTS = 16
export const VISITS = 25

/** An answer that takes longer, in milliseconds, will not come. */
const LIMIT = 30_000

interface Visit {
  readonly isReused: boolean
  /** To go on with at the next visit. */
  readonly session: Buffer | undefined
}

/**
 * Clients, each of whose visits is a TLS connection with the session of the one before.
 * @returns the share of the connections that went on with it, of those that could
 */
export async function returning(port: number, signal: AbortSignal): Promise<number> {
  let resumed = 0
  const comeAndGo = async (): Promise<void> => {
    let { session } = await visit(port)
    for (let i = 0; i < VISITS; i++) {
      signal.throwIfAborted()
      const next = await visit(port, session)
      if (next.isReused) resumed++
      session = next.session ?? session
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, comeAndGo))
  return resumed / (CLIENTS * VISITS)
}

/** @throws Error if it is not answered whole */
async function visit(port: number, session?: Buffer): Promise<Visit> {
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false, ...(session && { session }) }
  const socket: TLSSocket = connect(options)
  socket.setTimeout(LIMIT, () => socket.destroy(new Error(`no answer within ${LIMIT} ms`)))
  let newest: Buffer | undefined
  let text = ''
  socket.on('session', ticket => {
    newest = ticket
  })
  socket.setEncoding('latin1').on('data', part => {
    text += part
  })
  socket.write('GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n')
  await once(socket, 'end')
  const isReused = socket.isSessionReused()
  socket.destroy()
  if (!/^HTTP\/1\.1 200 /.test(text)) throw new Error(`answered with ${JSON.stringify(text)}`)
  return { isReused, session: newest }
}
