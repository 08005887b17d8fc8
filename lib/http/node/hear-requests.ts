import type { IncomingMessage, Server, ServerResponse } from 'node:http'

type Hear = (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean) => void

/**
 * Calls `hear` with every request of `server`, those of clients that wait for `100 Continue` among them. These pass as
 * the event `request` too: tracers wrap that event, and would not see them otherwise.
 * @param isOwn  whether the application itself listens for `checkContinue`; Node emits no `request` then either
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
