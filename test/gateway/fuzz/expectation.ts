import { type Plan, sizeOf } from './plan.js'

/** What a client must see of a plan. Written from the contract, not from the code. */
export interface Expectation {
  /** The interim responses before it. */
  readonly interim: string
  /** Status line and fields, without those that `node:http` adds. */
  readonly head: string
  readonly body: Buffer
  /**
   * `whole`: the response is complete; `short`: all that was promised to be sent comes, then the connection ends;
   * `cut`: the connection ends, after any part of it.
   */
  readonly ending: 'whole' | 'short' | 'cut'
  /** The connection ends with this response though it is whole. */
  readonly closes: boolean
  readonly errors: 0 | 1
}

const PAGE = 'Internal Server Error'

export function expectationOf(plan: Plan): Expectation {
  return { interim: interimOf(plan), ...finalOf(plan) }
}

function interimOf({ version, hints, expects, read }: Plan): string {
  if (version === '1.0') return ''
  const early = hints ? 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n' : ''
  return early + (expects && read !== 'none' ? 'HTTP/1.1 100 Continue\r\n\r\n' : '')
}

type Final = Omit<Expectation, 'interim'>

function finalOf(plan: Plan): Final {
  const bodyless = plan.method === 'HEAD' || plan.status.startsWith('204') || plan.status.startsWith('304')
  const { sent, failed } = reached(plan, bodyless)
  const headOut = sizeOf(sent) > 0
  if (failed && !headOut) return errorPage(plan)
  const size = sizeOf(sent)
  const known = isKnown(plan) && sizeOf(plan.written) === 0
  const head = headOf(plan, bodyless, known ? size : size === 0 ? 0 : undefined)
  const body = bodyless ? Buffer.alloc(0) : Buffer.concat(sent.map(chunk => Buffer.from(chunk)))
  if (failed) return { head, body: body.subarray(0, plan.announced), ending: 'cut', closes: true, errors: 1 }
  const dropped = bodyless && plan.method !== 'HEAD' && size > 0
  if (bodyless || plan.announced === undefined) {
    return { head, body, ending: 'whole', closes: false, errors: dropped ? 1 : 0 }
  }
  const ending = size < plan.announced ? 'short' : 'whole'
  const errors = size === plan.announced ? 0 : 1
  return { head, body: body.subarray(0, plan.announced), ending, closes: ending === 'short', errors }
}

function isKnown({ shape }: Plan): boolean {
  return shape === 'string' || shape === 'bytes' || shape === 'array'
}

/** The chunks that the server takes, and whether it comes to the failure. */
function reached(plan: Plan, bodyless: boolean): { sent: readonly (string | Buffer)[]; failed: boolean } {
  const { failing, written, chunks } = plan
  if (failing === 'call') return { sent: [], failed: true }
  if (failing === 'started') return { sent: written, failed: true }
  if (isKnown(plan)) {
    const fails = failing !== undefined && (plan.shape === 'array' || failing === 0)
    return fails ? { sent: written, failed: true } : { sent: [...written, ...chunks], failed: false }
  }
  const sent = [...written]
  for (let i = 0; i <= chunks.length; i++) {
    if (isFull(plan, sent, bodyless)) return { sent, failed: false }
    if (failing === i) return { sent, failed: true }
    const chunk = chunks[i]
    if (chunk !== undefined) sent.push(chunk)
  }
  return { sent, failed: false }
}

/** The server asks for no more. */
function isFull({ announced }: Plan, sent: readonly (string | Buffer)[], bodyless: boolean): boolean {
  const size = sizeOf(sent)
  return bodyless ? size > 0 : announced !== undefined && size > announced
}

function headOf(plan: Plan, bodyless: boolean, known: number | undefined): string {
  const fields = plan.headers.map(([name, value]) => `${name}: ${value}`)
  if (plan.announced !== undefined) {
    if (!plan.status.startsWith('204')) fields.push(`Content-Length: ${plan.announced}`)
  } else if (bodyless) {
    if (plan.method === 'HEAD' && known !== undefined && known > 0 && !/^[23]04/.test(plan.status)) {
      fields.push(`Content-Length: ${known}`)
    }
  } else if (known !== undefined) fields.push(`Content-Length: ${known}`)
  else if (plan.version === '1.1') fields.push('Transfer-Encoding: chunked')
  return [`HTTP/1.1 ${plan.status}`, ...fields].join('\r\n')
}

function errorPage(plan: Plan): Final {
  const head = [
    'HTTP/1.1 500 Internal Server Error',
    'Content-Type: text/plain',
    `Content-Length: ${PAGE.length}`,
  ].join('\r\n')
  const body = plan.method === 'HEAD' ? Buffer.alloc(0) : Buffer.from(PAGE)
  return { head, body, ending: 'whole', closes: false, errors: 1 }
}
