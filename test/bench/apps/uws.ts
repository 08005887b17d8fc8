import { createRequire } from 'node:module'

/**
 * uWebSockets.js with its own interface: it has no other one.
 *
 * Run as: node uws.js DIRECTORY PORT, where it is installed in DIRECTORY
 */
const [directory = '', port = '0'] = process.argv.slice(2)

/** What is used of its API. */
interface Application {
  any(path: string, handler: (response: { end(body: string): void }) => void): Application
  listen(host: string, port: number, done: (socket: unknown) => void): void
}

const uws: { App(): Application } = createRequire(directory)('uWebSockets.js')
uws
  .App()
  .any('/*', response => response.end('Hello, world!'))
  .listen('127.0.0.1', Number(port), socket => {
    if (!socket) throw new Error(`uWebSockets.js cannot listen on port ${port}`)
  })
