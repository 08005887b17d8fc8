import type { IncomingMessage } from 'node:http'

/** Characters of a path that a line of the log has room for. */
const LONGEST_PATH = 200

/**
 * The path of a request, for logs: without its query, which may hold what no log should. Express and Connect cut `url` while a
 * router handles the request, and keep the whole as `originalUrl`.
 */
export function pathOf(req: IncomingMessage & { originalUrl?: unknown }): string {
  const url = typeof req.originalUrl === 'string' ? req.originalUrl : (req.url ?? '')
  return url.split('?', 1)[0]?.slice(0, LONGEST_PATH) ?? ''
}
