import { type Hop, hopOf } from './hop.js'

/** What one proxy says of the request that it got (RFC 7239, section 4). */
export interface ForwardedElement {
  readonly for?: Hop
  readonly by?: Hop
  readonly host?: string
  readonly proto?: string
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const QUOTED = '"((?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t -\\x7e\\x80-\\xff])*)"'
/** One pair, or nothing, up to what separates it from the next one. */
const PAIR = new RegExp(`[ \\t]*(?:(${TOKEN})=(?:(${TOKEN})|${QUOTED}))?[ \\t]*([;,]|$)`, 'y')

/**
 * Reads a Forwarded field: `for=192.0.2.1;proto=https, for="[2001:db8::1]:80"`.
 * @returns undefined if it is malformed: in its grammar, by a parameter that stands twice in one element, or by a node
 * that is none
 */
export function parseForwarded(value: string): ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = []
  let pairs = new Map<string, string>()
  for (let at = 0; ; ) {
    PAIR.lastIndex = at
    const match = PAIR.exec(value)
    if (!match) return undefined
    const [all, name, token, quoted, separator] = match
    if (name !== undefined) {
      const key = name.toLowerCase()
      if (pairs.has(key)) return undefined
      pairs.set(key, token ?? (quoted ?? '').replace(/\\(.)/gs, '$1'))
    }
    if (separator !== ';') {
      const element = elementOf(pairs)
      if (element === undefined) return undefined
      // A list may have empty elements (RFC 9110, section 5.6.1.2).
      if (pairs.size > 0) elements.push(element)
      pairs = new Map()
    }
    if (separator === '') return elements
    at += all.length
  }
}

function elementOf(pairs: ReadonlyMap<string, string>): ForwardedElement | undefined {
  const [sender, receiver] = ['for', 'by'].map(name => {
    const text = pairs.get(name)
    return text === undefined ? undefined : (hopOf(text) ?? 'malformed')
  })
  if (sender === 'malformed' || receiver === 'malformed') return undefined
  const [host, proto] = [pairs.get('host'), pairs.get('proto')]
  return {
    ...(sender && { for: sender }),
    ...(receiver && { by: receiver }),
    ...(host !== undefined && { host }),
    ...(proto !== undefined && { proto: proto.toLowerCase() }),
  }
}
