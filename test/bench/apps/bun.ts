import { spawn } from 'node:child_process'

/**
 * Bun.serve with so many processes on one port, as Bun's documentation shows it for clusters.
 *
 * Run as: bun bun.js APP WORKERS PORT
 */
const [app = '', workers = '1', port = '0', beside] = process.argv.slice(2)

/** As long as a measure of idle connections takes, in seconds. */
const KEEP_ALIVE = 180

/** What is used of Bun's API. */
interface Bun {
  serve(options: {
    readonly idleTimeout: number
    readonly hostname: string
    readonly port: number
    readonly reusePort: boolean
    readonly fetch: (request: Request) => Response | Promise<Response>
  }): unknown
}

// Bun's global object, of which Node's types know nothing.
const { Bun } = globalThis as unknown as { readonly Bun: Bun }
// The measures name one of the modules beside this one.
const { respond } = (await import(`./${app}.js`)) as { respond: (request: Request) => Response }
Bun.serve({
  idleTimeout: KEEP_ALIVE,
  hostname: '127.0.0.1',
  port: Number(port),
  reusePort: Number(workers) > 1,
  fetch: request => respond(request),
})

// The others serve beside this process, each of them alone.
if (beside === undefined) {
  const others = Array.from({ length: Number(workers) - 1 }, () =>
    spawn(process.execPath, [...process.argv.slice(1), 'beside'], { stdio: ['ignore', 'inherit', 'inherit'] }),
  )
  process.on('SIGTERM', () => {
    for (const other of others) other.kill('SIGTERM')
    process.exit()
  })
}
