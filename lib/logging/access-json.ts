import { type AccessEntry, basicUser, finishTime } from './access-entry.js'
import { escapeJson } from './escape.js'

/** Renders a request as one JSON object, without a line feed. Fields without a value are left out, but for `status`. */
export function jsonAccessLine(entry: AccessEntry): string {
  const line = JSON.stringify({
    time: new Date(finishTime(entry)).toISOString(),
    pid: process.pid,
    remoteAddress: entry.remoteAddress,
    user: basicUser(entry),
    method: entry.method,
    url: entry.url,
    httpVersion: entry.httpVersion,
    host: entry.requestHeader('host'),
    status: entry.status || null,
    reason: entry.reason,
    bytes: entry.bytes,
    durationMs: Math.round(entry.durationMs * 1000) / 1000,
    referer: entry.requestHeader('referer'),
    userAgent: entry.requestHeader('user-agent'),
    outcome: entry.outcome ?? 'finished',
  })
  return escapeJson(line)
}
