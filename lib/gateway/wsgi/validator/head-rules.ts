import { checkValue, kindOfName, parseLength, parseStatus } from '../../wire/header-rules.js'
import { demand, lawful, show } from './breach.js'

/** What the head says of the body; `length` is its Content-Length. */
export type AnnouncedBody = ReturnType<typeof checkHead>

/** The rules of `startResponse`. The server itself serves responses without Content-Type. @throws AssertionError */
export function checkHead(status: unknown, headers: unknown): { code: number; length: number | undefined } {
  const { code } = lawful(() => parseStatus(status))
  demand(Array.isArray(headers), `headers are ${show(headers)}, wanted an array of [name, value]`)
  let length: number | undefined
  const names = new Set<string>()
  for (const field of headers) {
    demand(Array.isArray(field) && field.length === 2, `a header is ${show(field)}, wanted [name, value]`)
    const [name, value]: unknown[] = field
    const kind = lawful(() => kindOfName(name))
    demand(kind !== 'hop-by-hop', `${String(name)} is a hop-by-hop header, which is up to the server`)
    lawful(() => checkValue(String(name), value))
    if (kind === 'length') {
      demand(length === undefined, 'there are two Content-Length headers')
      length = lawful(() => parseLength(String(value)))
    }
    names.add(String(name).toLowerCase())
  }
  demand(!names.has('status'), 'a header is named Status, which is what CGI scripts do')
  const hasType = names.has('content-type')
  if (code === 204 || code === 304)
    demand(!hasType, `a response with status ${code} has a Content-Type, but no content`)
  else demand(hasType, `a response with status ${code} has no Content-Type`)
  return { code, length }
}
