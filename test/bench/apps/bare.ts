import cluster from 'node:cluster'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createSecureServer as createHttp2Server } from 'node:http2'
import { createServer as createSecureServer } from 'node:https'
import type { ListenOptions } from 'node:net'
import { announce } from './announce.js'

/**
 * What everything is measured against: plain `node:http` under `node:cluster`, as its documentation shows it, or
 * `node:https` with a certificate, or `node:http2`. PM2 has this file too as its script, which is then a worker from
 * the start.
 *
 * Run as: node bare.js none|rr APP WORKERS [PORT|SOCKET [CERTIFICATE KEY [h2]]]
 */
const [policy, app = '', workers = '1', port = '0', certificate, key = '', protocol] = process.argv.slice(2)

/** The server under test's default, so that the kernel queues as much for either. */
const BACKLOG = 2048
/** As long as a measure of idle connections takes, in milliseconds. */
const KEEP_ALIVE = 180_000

if (cluster.isPrimary) supervise()
else await serve()

function supervise(): void {
  cluster.schedulingPolicy = policy === 'rr' ? cluster.SCHED_RR : cluster.SCHED_NONE
  announce()
  for (let i = 0; i < Number(workers); i++) cluster.fork()
}

/** An application that is no function has a server of its own. */
interface Listening {
  listen(options: ListenOptions): unknown
}

async function serve(): Promise<void> {
  // The measures name one of the modules beside this one, all of which export a handler.
  const { handler } = (await import(`./${app}.js`)) as { handler: RequestListener | Listening }
  const server = typeof handler === 'function' ? serverOf(handler) : handler
  const place = port.startsWith('/') ? { path: port } : { port: Number(port), host: '127.0.0.1' }
  server.listen({ ...place, backlog: BACKLOG })
}

function serverOf(handler: RequestListener): Listening {
  const options = { keepAliveTimeout: KEEP_ALIVE }
  if (certificate === undefined) return createServer(options, handler)
  const pair = { cert: readFileSync(certificate), key: readFileSync(key) }
  // Node's own types do not know that one handler serves both.
  if (protocol === 'h2') return createHttp2Server(pair).on('request', handler as () => void)
  return createSecureServer({ ...options, ...pair }, handler)
}
