import { once } from 'node:events'
import type { Test } from 'tap'
import { type RawData, WebSocket } from 'ws'
import { atEnd } from './at-end.js'
import { CEILING } from './log.js'
import type { Target } from './server-process.js'

/** Opens a WebSocket. It ends with the test at the latest. */
export async function openWebSocket(t: Test, target: Target, path = '/'): Promise<WebSocket> {
  if (!('port' in target)) throw new Error('a WebSocket needs a port')
  const socket = new WebSocket(`ws://${target.host}:${target.port}${path}`)
  atEnd(t, () => socket.terminate())
  await once(socket, 'open', { signal: AbortSignal.timeout(CEILING) })
  return socket
}

/** Sends a message and resolves with the next one that comes. */
export async function ask(socket: WebSocket, message: string | Buffer): Promise<Buffer> {
  const [answer] = await Promise.all([nextMessage(socket), socket.send(message)])
  return answer
}

export async function nextMessage(socket: WebSocket): Promise<Buffer> {
  const [data]: RawData[] = await once(socket, 'message', { signal: AbortSignal.timeout(CEILING) })
  if (Buffer.isBuffer(data)) return data
  throw new Error('not one buffer')
}

/** Resolves with the status code of the WebSocket's end (RFC 6455, section 7.4.1); 1006 if it was cut. */
export function closing(socket: WebSocket): Promise<number> {
  return new Promise(resolve => socket.once('close', resolve))
}
