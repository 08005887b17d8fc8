import { METHODS } from 'node:http'
import { elementsOf } from '../../../lib/http/elements.js'
import { LlhttpStream } from './llhttp.js'
import type { NativeStream } from './native-stream.js'
import type { Outcome } from './outcome.js'

/** One connection, as the two engines have read it. */
export interface Pair {
  readonly bytes: Buffer
  readonly ours: NativeStream
  readonly theirs: LlhttpStream
}

/** The first thing in which they differ. */
interface Difference extends Pair {
  /** The index of the first request that is not the same. */
  readonly index: number
  /** What our reader has not taken, as text: the line that it refuses is in it, or at its end. */
  readonly held: string
}

/** What a request became: `taken` is complete, `begun` waits for its body; `waits`, there is no head yet. */
type Fate = 'taken' | 'begun' | 'begun, refused' | 'refused' | 'waits' | 'over'

const WRONG = new Set<Fate>(['refused', 'begun, refused'])

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
/** RFC 9112, sections 7.1 and 7.1.1, without blanks. */
const CHUNK_LINE = new RegExp(
  `^[0-9a-f]{1,8}(?:;${TOKEN}(?:=(?:${TOKEN}|"(?:[\\t !#-[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"))?)*\\r\\n`,
  'i',
)

/**
 * What the engines may differ in, in this order: docs/http.md argues each. A difference that is none of these is a
 * fault.
 */
export const CLASSES: Readonly<Record<string, (found: Difference, our: Fate, their: Fate) => boolean>> = {
  'status: both refuse, for different reasons': (_, our, their) => our === 'refused' && their === 'refused',
  'method: ours takes one that llhttp does not know': (found, our, their) =>
    isTaken(our) && WRONG.has(their) && !METHODS.includes(found.ours.requests[found.index]?.method ?? ''),
  'target: ours takes bytes from 0x80': (found, our, their) =>
    isTaken(our) && WRONG.has(their) && /[\x80-\xff]/.test(found.ours.requests[found.index]?.url ?? ''),
  'line: ours waits for the end of a line that llhttp refuses': (found, our, their) =>
    (our === 'waits' || our === 'begun') && WRONG.has(their) && isRefusedLater(found),
  'place: both refuse, llhttp later': (_, our, their) => WRONG.has(our) && WRONG.has(their),
  'early: ours refuses a line, llhttp the head or the trailers that it belongs to': ({ bytes, theirs }, our, their) =>
    WRONG.has(our) &&
    (their === 'waits' || their === 'begun') &&
    new LlhttpStream(theirs.policy).read(complete(bytes)).refusal !== undefined,
  'proxy: ours ignores Proxy-Connection': ({ theirs }, our, their) =>
    our !== 'over' && their === 'over' && /proxy-connection/i.test(theirs.requests.at(-1)?.fields.join() ?? ''),
  'kept: ours keeps a connection of HTTP/1.0 that asks for it, with a tab behind that': ({ bytes }, our, their) =>
    our !== 'over' && their === 'over' && /\nconnection:[^\r\n]*keep-alive[ \t]*\t\r\n/i.test(bytes.toString('latin1')),
  'close: ours closes a connection that asks for it': ({ ours }, our) =>
    our === 'over' && elementsOf(connectionOf(ours)).includes('close'),
  'body: ours refuses a chunk by its size, before its data': ({ ours }, our, their) =>
    our === 'begun, refused' && their === 'begun' && ours.refusal?.status === 413,
  'empty lines: ours takes one CRLF before a request': ({ held }, our) =>
    our === 'refused' && /^(?:\r\n)?[\r\n]/.test(held),
  'blanks: ours takes one blank between the parts of a request line': ({ held }, our) =>
    our === 'refused' && /^(?:\r\n)?[^ \r\n]+(?: {2,}[^ ]| +[^ \r\n]+ {2,}| +[^ \r\n]+ +[^ \r\n]+ +\r\n)/.test(held),
  'version: ours takes HTTP/1.0 and HTTP/1.1': ({ held }, our) =>
    our === 'refused' && !/^(?:\r\n)?[^ \r\n]+ [^ \r\n]+ HTTP\/1\.[01]\r\n/.test(held),
  'field size: ours counts the blanks around a value': ({ ours, held }, our) =>
    our === 'refused' && ours.refusal?.status === 431 && /:[ \t]{2,}[^\r\n]*\r\n|[ \t]\r\n/.test(held),
  'tab: ours takes none behind a length, as llhttp before 9.4': ({ held }, our) =>
    our === 'refused' && /\r\ncontent-length:[^\r\n]*[0-9][ \t]*\t/i.test(held),
  'length: ours takes up to 15 digits': ({ held }, our) =>
    our === 'refused' && /\r\ncontent-length:[ \t]*[0-9]{16,} *\r\n/i.test(held),
  'chunk size: ours takes up to 8 digits': ({ held }, our) =>
    our === 'begun, refused' && /^[0-9a-f]{9,}[;\r]/i.test(held),
  'chunk extension: ours takes what the grammar has': ({ held }, our) =>
    our === 'begun, refused' && !CHUNK_LINE.test(held),
}

export const SAME = 'same'

/** @returns the name of a class, `same`, or what differs if no class has it */
export function classify(pair: Pair): string {
  const { ours, theirs } = pair
  const index = firstDifference(ours, theirs)
  if (index < 0) return SAME
  const found = { ...pair, index, held: ours.held.toString('latin1') }
  const [our, their] = [fateOf(ours, index), fateOf(theirs, index)]
  const name = Object.entries(CLASSES).find(([, applies]) => applies(found, our, their))?.[0]
  return name ?? `ours: ${our} ${ours.refusal?.why ?? ''}; llhttp: ${their} ${theirs.refusal?.why ?? ''}`
}

/** @returns -1 if all is the same, else the index of a request that differs in something */
function firstDifference(ours: Outcome, theirs: Outcome): number {
  const most = Math.max(ours.requests.length, theirs.requests.length)
  for (let i = 0; i < most; i++) if (JSON.stringify(ours.requests[i]) !== JSON.stringify(theirs.requests[i])) return i
  const isSame = ours.refusal?.status === theirs.refusal?.status && ours.closed === theirs.closed
  if (isSame) return -1
  // The one that has begun may have been refused by one of them.
  return ours.requests.at(-1)?.complete === false ? most - 1 : most
}

function fateOf({ requests, refusal, closed }: Outcome, index: number): Fate {
  const request = requests[index]
  if (request) return request.complete ? 'taken' : refusal ? 'begun, refused' : 'begun'
  if (refusal) return 'refused'
  return closed ? 'over' : 'waits'
}

function isTaken(fate: Fate): boolean {
  return fate === 'taken' || fate === 'begun' || fate === 'begun, refused'
}

/** The field Connection of the last request. */
function connectionOf({ requests }: Outcome): string {
  const { fields = [] } = requests.at(-1) ?? {}
  return fields.filter((_, i) => i % 2 === 1 && /^connection$/i.test(fields[i - 1] ?? '')).join()
}

/** Whether ours refuses as well when the line ends, or takes what it may take by the classes before. */
function isRefusedLater({ ours, index }: Difference): boolean {
  ours.give(Buffer.from('\r\n\r\n'))
  if (ours.refusal) return true
  const request = ours.requests[index]
  return request !== undefined && (!METHODS.includes(request.method) || /[\x80-\xff]/.test(request.url))
}

/** A head that is not complete gets its end. */
function complete(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.from('\r\n\r\n')])
}
