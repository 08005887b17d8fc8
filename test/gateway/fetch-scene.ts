import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { FetchContext } from '../../lib/gateway/fetch/types.js'
import { until } from '../helpers/until.js'
import { type Client, type Options, type Served, serve } from './serve.js'
import { clientGone } from './waits.js'

/** What an untyped handler may take and return. */
export type Handler = (request: Request, context: FetchContext, third: FetchContext) => unknown

export function serving(t: Test, fetch: Handler, options: Options = {}): Promise<Served> {
  return serve(t, { fetch }, { interface: 'fetch', ...options })
}

/** Starts a server for handlers to send requests to. @returns its host and port, as in a URL */
export async function upstream(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return `127.0.0.1:${port}`
}

/** The body of what came. */
export function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

export const encoder = new TextEncoder()

export function streamOf(...chunks: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk))
      controller.close()
    },
  })
}

/** Closes the client's connection, and waits until the server has seen it. */
export async function leave(server: Served, client: Client): Promise<void> {
  await until('the request is there', () => server.exchanges.length > 0)
  client.socket.destroy()
  await clientGone(server)
}
