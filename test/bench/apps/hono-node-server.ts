import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { application } from './hono.js'

/** As `serve()` of @hono/node-server makes it. */
export const handler: RequestListener = getRequestListener(application.fetch)
