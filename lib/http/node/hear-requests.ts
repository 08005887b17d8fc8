import type { IncomingMessage, Server, ServerResponse } from 'node:http'

type Hear = (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean) => void

/**
 * Has every request of `server` heard, also where the client waits for `100 Continue`. Those pass as the event `request` as well: tracers
 * wrap that one, and would not see them otherwise.
 * @param isOwn  whether the application listens for `checkContinue` itself; then Node has no `request` either
 */
export function hearRequests(server: Server, hear: Hear, isOwn: () => boolean): void {
  let expecting: IncomingMessage | undefined
  server.on('request', (req, res) => hear(req, res, req === expecting))
  server.on('checkContinue', (req, res) => {
    if (isOwn()) return hear(req, res, true)
    expecting = req
    server.emit('request', req, res)
    expecting = undefined
  })
}
