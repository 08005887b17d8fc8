import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { errorCode } from '../../errors.js'
import type { Head } from '../../gateway/wire/head.js'

/** Hands the head to node:http, which sends it together with the first chunk. */
export function writeHead(res: ServerResponse, head: Head): void {
  const { code, reason } = head.status
  if (res.getHeaderNames().length === 0) {
    res.writeHead(code, reason, head.fields)
    return
  }
  // Where the engine has set fields already, the array form of writeHead keeps only the last of equal names (Node 20).
  for (const [name, values] of grouped(head.fields)) res.setHeader(name, values)
  res.writeHead(code, reason)
}

/** What `res.write` and `res.end` of node:http come down to. Not documented, but in all of its versions. */
interface Sending extends ServerResponse {
  _send?(text: string, encoding: 'utf8'): boolean
}

/**
 * Ends a response whose head is written with all of its body, ASCII or UTF-8, whose length the head tells. Head and body go to the
 * socket as one string: `res.end(text)` has the socket hold it back and sends two, for a twentieth of the CPU time of a short request.
 * A response whose `end` somebody watches, the access log say, is ended by that.
 */
export function endWith(res: Sending, text: string): void {
  if (res._send === undefined || res.end !== ServerResponse.prototype.end) return void res.end(text)
  res._send(text, 'utf8')
  res.end()
}

function grouped(fields: readonly string[]): Map<string, string | string[]> {
  const names = new Map<string, string>()
  const groups = new Map<string, string | string[]>()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [sent = '', value = ''] = [fields[i], fields[i + 1]]
    const name = names.get(sent.toLowerCase()) ?? sent
    names.set(sent.toLowerCase(), name)
    const before = groups.get(name)
    groups.set(name, before === undefined ? value : [before, value].flat())
  }
  return groups
}

/**
 * Ends a connection whose response the client must not take for complete.
 * @param delimitedByClose  the end of the connection would be the end of the body: reset it
 */
export function cut(res: ServerResponse, delimitedByClose: boolean): void {
  const { socket } = res
  if (delimitedByClose && socket !== null) reset(socket)
  res.destroy()
}

function reset(socket: Socket): void {
  try {
    socket.resetAndDestroy()
  } catch (error) {
    // Unix and TLS sockets have no reset.
    if (errorCode(error) !== 'ERR_INVALID_HANDLE_TYPE') throw error
  }
}
