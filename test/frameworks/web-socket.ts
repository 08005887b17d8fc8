import { once } from 'node:events'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { atEnd } from '../helpers/at-end.js'
import type { Target } from '../helpers/server-process.js'

/** An open WebSocket, which ends with the test. */
export async function openWebSocket(t: Test, target: Target): Promise<WebSocket> {
  if (!('port' in target)) throw new Error('no port')
  const socket = new WebSocket(`ws://${target.host}:${target.port}/`)
  atEnd(t, () => socket.terminate())
  await once(socket, 'open')
  return socket
}

/** What the other side answers to `text`. */
export async function echo(socket: WebSocket, text: string): Promise<string> {
  const answered = once(socket, 'message')
  socket.send(text)
  return String((await answered)[0])
}
