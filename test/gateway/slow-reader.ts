import type { Test } from 'tap'
import { until } from '../helpers/until.js'
import { request, type Served } from './serve.js'

interface Scene {
  readonly server: Served
  /** How many blocks of the body were pulled from the application. */
  pulled(): number
  /** Bytes that may wait in memory for the client; that many are too many. */
  readonly most: number
}

/** A client that reads nothing, then some, and then leaves: checks that the body is pulled only as fast as it reads. */
export async function readSlowly(t: Test, { server, pulled, most }: Scene): Promise<void> {
  const client = await server.connect()
  client.socket.pause()
  client.write(request())
  let before = -1
  await until('nothing is pulled any more', () => {
    const count = pulled()
    const still = count > 0 && count === before
    before = count
    return still
  })
  t.ok(server.sockets[0]?.writableNeedDrain, 'the response waits')
  t.ok((server.sockets[0]?.writableLength ?? 0) < most, 'little is held in memory')
  const stalled = pulled()
  client.socket.resume()
  await until('reading makes it go on', () => pulled() > stalled + 10)
  client.socket.pause()
  client.socket.destroy()
}
