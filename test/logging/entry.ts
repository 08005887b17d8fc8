import type { AccessEntry } from '../../lib/logging/access.js'

type Headers = Readonly<Record<string, string>>

export interface EntryParts extends Partial<Omit<AccessEntry, 'requestHeader' | 'responseHeader'>> {
  request?: Headers
  response?: Headers
}

/** An entry of a plain `GET /`, but for what is given. */
export function entryOf({ request = {}, response = {}, ...parts }: EntryParts = {}): AccessEntry {
  const requestHeaders = new Map(Object.entries(request))
  const responseHeaders = new Map(Object.entries(response))
  return {
    remoteAddress: '192.0.2.1',
    method: 'GET',
    url: '/',
    httpVersion: '1.1',
    status: 200,
    bytes: 0,
    durationMs: 0,
    requestHeader: name => requestHeaders.get(name),
    responseHeader: name => responseHeaders.get(name),
    ...parts,
  }
}
