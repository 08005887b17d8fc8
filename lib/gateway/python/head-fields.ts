import { Head } from '../wire/head.js'
import { parseStatus, statusOf } from '../wire/header-rules.js'

const CODE = /^\d{3}$/
const BLANKS = /^[ \t]+|[ \t]+$/g

/**
 * @param fields  status line, or code, then names and values in turn
 * @throws ApplicationBreach if one of them is illegal
 */
export function headFrom(fields: readonly string[]): Head {
  const [line = ''] = fields
  // ASGI has no reasons.
  const head = new Head(CODE.test(line) ? statusOf(Number(line), '') : parseStatus(line))
  for (let i = 1; i + 1 < fields.length; i += 2) head.add(fields[i] ?? '', trimmed(fields[i + 1] ?? ''))
  return head
}

/** Blanks around a value are none of it (RFC 9110, section 5.5), and Django 3.2 sends some in front of cookies. */
function trimmed(value: string): string {
  return isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1)) ? value.replace(BLANKS, '') : value
}

/** Of an empty string, the code is NaN. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** Names and values that stand in turn behind a status, or behind nothing. */
export function pairsOf(fields: readonly string[]): [string, string][] {
  return fields.flatMap((name, i) => (i % 2 === 1 ? [[name, fields[i + 1] ?? '']] : []))
}
