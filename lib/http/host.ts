import { isIPv6 } from 'node:net'
import { ownText } from '../sys/own-text.js'

/** A name, an IPv4 address or what stands in brackets, and a port (RFC 9110, section 7.2; RFC 3986, section 3.2.2). */
const HOST = /^(?:\[(?<literal>[^\]%]*)\]|(?:[\w.\-~!$&'()*+;=]|%[0-9a-f]{2})+)(?::(?<port>[0-9]*))?$/i
/** An address of a later version of IP. */
const FUTURE = /^v[0-9a-f]+\.[\w.\-~!$&'()*+,;=:]+$/i
const LARGEST_PORT = 65535

/** Whether the value of a Host field names one host. Commas, which a name may have, come from joined fields. */
export function isHost(value: string): boolean {
  const { literal, port } = HOST.exec(value)?.groups ?? { literal: '' }
  if (literal !== undefined && !isIPv6(literal) && !FUTURE.test(literal)) return false
  return Number(port ?? 0) <= LARGEST_PORT
}

/** Remembers the host that was checked last: most clients name the same one, and the grammar costs more than this. */
export class HostCheck {
  #last = ''

  passes(value: string): boolean {
    if (value === this.#last) return true
    if (!isHost(value)) return false
    this.#last = ownText(value)
    return true
  }
}
