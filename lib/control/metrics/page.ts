import type { ControlledServer } from '../../arbiter/control.js'
import { now } from '../../sys/clock.js'
import { afterStart } from '../after-start.js'
import type { ControlRequest, Reply, Routes } from '../routes.js'
import { ApplicationMetrics } from './application.js'
import { aggregate, expose, type Format, formatFor, prepare } from './exposition.js'
import { familiesOf } from './table.js'

/** For how long a page serves all who ask, in milliseconds: workers report once a second. */
const FRESH = 500

interface Page {
  readonly at: number
  readonly reply: Promise<Reply>
}

/**
 * Serves `/metrics`. However many ask, a page is made twice a second at most for each format.
 * @param signal  aborted when it is served no more
 */
export function metricsRoutes(server: ControlledServer, signal: AbortSignal): Routes {
  const application = new ApplicationMetrics(server, aggregate)
  const pages = new Map<Format, Page>()

  async function make(format: Format): Promise<Reply> {
    const foreign = await application.gather()
    const { body, type } = await expose([...familiesOf(server.snapshot), ...foreign], format)
    return { type, headers: { Vary: 'Accept' }, body }
  }

  function get(request: ControlRequest): Promise<Reply> {
    const format = formatFor(request.header('accept'))
    const known = pages.get(format)
    if (known && now() - known.at < FRESH) return known.reply
    const reply = make(format)
    pages.set(format, { at: now(), reply })
    reply.catch(() => pages.delete(format))
    return reply
  }

  signal.addEventListener('abort', afterStart(server, prepare))
  return { '/metrics': { get } }
}
