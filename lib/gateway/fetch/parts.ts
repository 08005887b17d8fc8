import { describe } from '../../sys/describe.js'
import { ApplicationBreach } from '../failure.js'
import { isChunk } from '../wire/chunk.js'
import { kindOfName } from '../wire/header-rules.js'
import { type Fields, listed } from './fields.js'
import { LightResponse, type Parts } from './light-response.js'

/** Codings that `fetch` decodes without changing the header. */
const DECODED = /^(?:\s*(?:x-)?(?:gzip|deflate|br)\s*,?)+$/i

/**
 * Takes what is to be sent from what a handler returned: a `Response` of any class.
 * @throws ApplicationBreach if it is none, or its body was used before
 */
export function partsOf(value: unknown): Parts {
  if (LightResponse.is(value)) return LightResponse.take(value) ?? used()
  if (!isResponse(value)) throw new ApplicationBreach(`the application returned ${describe(value)}: wanted a Response`)
  if (hasNodeParts(value)) return nodePartsOf(value)
  if (value.bodyUsed === true) return used()
  const { status, statusText } = value
  return {
    status,
    statusText: typeof statusText === 'string' ? statusText : '',
    fields: fieldsFor(value),
    body: bodyOf(value),
  }
}

function used(): never {
  throw new ApplicationBreach(
    'the body of the Response was used before: return a new one for each request, or a clone() of one that is kept',
  )
}

/** What every class of responses has: Node's, those of polyfills, and those of other realms. */
interface AnyResponse {
  readonly status: number
  readonly headers: Iterable<[string, string]>
  readonly statusText?: unknown
  readonly body?: unknown
  readonly bodyUsed?: unknown
  readonly url?: unknown
}

function isResponse(value: unknown): value is AnyResponse {
  if (typeof value !== 'object' || value === null) return false
  if (!('status' in value) || typeof value.status !== 'number') return false
  return 'headers' in value && isIterable(value.headers)
}

function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

function fieldsFor({ headers, url }: AnyResponse): Fields {
  const fields = listed(headers)
  return typeof url === 'string' && url !== '' ? passedOn(fields) : fields
}

/** Leaves out fields of a response from the network that concern its connection, or a coding that `fetch` undid. */
function passedOn(fields: Fields): Fields {
  const isDecoded = fields.some((name, i) => name === 'content-encoding' && DECODED.test(fields[i + 1] ?? ''))
  return fields.filter((_, i) => {
    const name = fields[i - (i % 2)] ?? ''
    const describesCoded = name === 'content-encoding' || name === 'content-length'
    return kindOfName(name) !== 'hop-by-hop' && !(isDecoded && describesCoded)
  })
}

function bodyOf(response: AnyResponse): Parts['body'] {
  const { body } = response
  if (body === null || isChunk(body) || body instanceof ReadableStream) return body
  if (typeof body === 'object' && isAsyncIterable(body)) return body
  if (hasArrayBuffer(response)) return buffered(response)
  throw new ApplicationBreach(`the body of the Response is ${describe(body)}: wanted a ReadableStream`)
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value
}

function hasArrayBuffer(value: object): value is { arrayBuffer(): Promise<ArrayBuffer> } {
  return 'arrayBuffer' in value && typeof value.arrayBuffer === 'function'
}

/** For polyfills without streams. */
async function* buffered(response: { arrayBuffer(): Promise<ArrayBuffer> }): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(await response.arrayBuffer())
}

/** The responses of srvx, and so those of h3, can give what they were made of. */
interface NodeParts {
  _toNodeResponse(): { status: number; statusText: string; headers: unknown[]; body: unknown }
}

function hasNodeParts(value: object): value is NodeParts {
  return '_toNodeResponse' in value && typeof value._toNodeResponse === 'function'
}

function nodePartsOf(response: NodeParts & AnyResponse): Parts {
  const { status, statusText, headers, body } = response._toNodeResponse()
  const given = { status, headers: [], body: body ?? null }
  return { status, statusText, fields: headers.map(String), body: bodyOf(given) }
}
