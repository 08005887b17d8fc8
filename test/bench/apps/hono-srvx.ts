import type { RequestListener } from 'node:http'
import { serve } from 'srvx/node'
import { application } from './hono.js'

const server = serve({ fetch: application.fetch, manual: true, gracefulShutdown: false })

/** As `serve()` of srvx makes it. */
export const handler: RequestListener = (req, res) => server.node?.handler(req, res)
