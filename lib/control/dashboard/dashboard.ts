import { readFile } from 'node:fs/promises'
import type { ControlledServer } from '../../arbiter/control.js'
import { packageFile } from '../../sys/package.js'
import type { Handler, Reply, Routes } from '../routes.js'
import { Feed } from './feed.js'
import { History } from './history.js'

/** The page holds what others have named, such as paths and stacks: nothing runs there but its own script. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')
const HEADERS = { 'Content-Security-Policy': POLICY, 'Referrer-Policy': 'no-referrer' }

/**
 * Serves the dashboard: a page, its script and its style, which the build has made of `page/`, and what it shows.
 * @param signal  ends what is kept for it
 */
export function dashboardRoutes(server: ControlledServer, signal: AbortSignal): Routes {
  const feed = new Feed(server, new History(() => server.snapshot, signal))
  return {
    '/': { get: file('dashboard.html', 'text/html') },
    '/dashboard.js': { get: file('dashboard.js', 'text/javascript') },
    '/dashboard.css': { get: file('dashboard.css', 'text/css') },
    '/events': { get: request => feed.reply(request) },
  }
}

/** Serves a file of the package, which is read when it is first asked for. */
function file(name: string, type: string): Handler {
  let reply: Reply | undefined
  return async () => {
    reply ??= {
      type: `${type}; charset=utf-8`,
      headers: HEADERS,
      body: await readFile(packageFile(`dist/bin/${name}`)),
    }
    return reply
  }
}
