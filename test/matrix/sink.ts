import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'

export interface Sink {
  readonly port: number
  /** How often the words came that match, each counted once. @param pattern  with the flag g */
  words(pattern: RegExp): ReadonlySet<string>
}

/**
 * Takes what SDKs send, as the services that they are made for do.
 * @param time  how long it lets each of them wait for its answer, in milliseconds
 */
export async function startSink(t: Test, time = 0): Promise<Sink> {
  let received = ''
  const server = createServer(async (req, res) => {
    const body = await buffer(req)
    received += (req.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('latin1')
    await pause(time)
    res.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(t, () => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not a port')
  return { port: address.port, words: pattern => new Set(received.match(pattern)) }
}
