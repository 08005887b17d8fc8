import { type ServerResponse, STATUS_CODES } from 'node:http'
import { lingerAfter } from '../linger.js'

/** Answers in place of the application, whose half-made head is forgotten. The connection closes. */
export function sendErrorPage(res: ServerResponse, status: 413 | 500): void {
  for (const name of res.getHeaderNames()) res.removeHeader(name)
  const reason = status === 413 ? 'Content Too Large' : (STATUS_CODES[status] ?? '')
  res.shouldKeepAlive = false
  if (!res.req.complete) lingerAfter(res.req)
  res.writeHead(
    status,
    reason,
    [
      ['Content-Type', 'text/plain'],
      ['Content-Length', String(reason.length)],
    ].flat(),
  )
  res.end(reason)
}
