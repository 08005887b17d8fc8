import type { ServerResponse } from 'node:http'
import type { ResponseHead } from '../exchange.js'

/** Hands the head to node:http, which sends it together with the first chunk. */
export function writeHead(res: ServerResponse, { status: { code, reason }, fields }: ResponseHead): void {
  if (res.getHeaderNames().length === 0) {
    res.writeHead(code, reason, fields)
    return
  }
  // If some fields are set already, the array form of writeHead keeps only the last of equal names (Node 20).
  for (const [name, values] of grouped(fields)) res.setHeader(name, values)
  res.writeHead(code, reason)
}

function grouped(fields: readonly string[]): Map<string, string | string[]> {
  const names = new Map<string, string>()
  const groups = new Map<string, string | string[]>()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [sent = '', value = ''] = [fields[i], fields[i + 1]]
    const name = names.get(sent.toLowerCase()) ?? sent
    names.set(sent.toLowerCase(), name)
    const before = groups.get(name)
    groups.set(name, before === undefined ? value : [before, value].flat())
  }
  return groups
}
