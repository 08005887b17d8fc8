import type { Exchange } from '../../http/exchange.js'
import { checkValue, kindOfName } from './header-rules.js'

/**
 * Sends `103 Early Hints` (RFC 8297) to a client of HTTP/1.1 or HTTP/2, if there is a Link field.
 * @throws ApplicationBreach for an illegal header; a TypeError if the value of a Link field is no link
 */
export function sendEarlyHints({ head, answer }: Exchange, headers: Iterable<readonly [string, string]>): void {
  const link: string[] = []
  const others: Record<string, string> = {}
  for (const [name, value] of headers) {
    const kind = kindOfName(name)
    checkValue(name, value)
    if (name.toLowerCase() === 'link') link.push(value)
    else if (kind === 'plain') others[name] = value
  }
  if (link.length > 0 && head.httpVersion !== '1.0') answer.hint({ ...others, link })
}
