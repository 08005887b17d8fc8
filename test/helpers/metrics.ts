import type { Test } from 'tap'
import type { Snapshot } from '../../config/hooks.js'
import { Client, type Reply } from './http.js'
import type { LogLine } from './log.js'
import { messages } from './messages.js'
import type { Server } from './server-process.js'
import { until } from './until.js'

/** A client of what shows a server, by the address that it has logged last. */
export async function metricsOf(t: Test, server: Server, after?: LogLine): Promise<Client> {
  const { msg } = await server.log(messages.metricsBound, after ? { after } : {})
  const { address = '' } = messages.metricsBound.exec(msg)?.groups ?? {}
  if (address.startsWith('unix:')) return new Client(t, { socketPath: address.slice('unix:'.length) })
  const { hostname: host, port } = new URL(address)
  return new Client(t, { host, port: Number(port) })
}

/** `HOST:PORT` of what shows a server that has said where. */
export function metricsAddress(server: Server): string {
  const [line] = server.logged(messages.metricsBound).slice(-1)
  return new URL(messages.metricsBound.exec(line?.msg ?? '')?.groups?.address ?? '').host
}

/** Waits until a request is answered with what is wanted; a worker says what it has counted once a second. */
export async function shown(
  client: Client,
  path: string,
  what: string,
  isSo: (reply: Reply) => boolean,
): Promise<Reply> {
  let reply: Reply | undefined
  await until(what, async () => {
    reply = await client.get(path)
    return isSo(reply)
  })
  if (!reply) throw new Error(`no answer: ${what}`)
  return reply
}

/** Waits until the snapshot says what is wanted. */
export async function status(client: Client, what: string, isSo: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  const { body } = await shown(client, '/status', what, ({ body }) => isSo(JSON.parse(body)))
  return JSON.parse(body)
}
