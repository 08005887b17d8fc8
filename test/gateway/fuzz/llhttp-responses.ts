import { type HeadArgs, HTTPParser } from '../../helpers/http-parser.js'
import { parseResponse } from './response-parser.js'

/** A response as a parser reads it: the bytes of its body as characters, and whether all of it came. */
type Read = [body: string, complete: boolean]

const INTERIM = /^HTTP\/1\.1 1\d\d [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/

/**
 * Compares how llhttp and the strict parser of the tests read the responses of a connection that has ended.
 * @param methods  of the requests
 * @returns what differs
 */
export function differenceFromLlhttp(bytes: Buffer, methods: readonly string[]): string | undefined {
  const [ours, theirs] = [readStrictly(bytes, methods), readByLlhttp(bytes, methods)]
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return undefined
  return `llhttp reads ${JSON.stringify(theirs).slice(0, 300)}, not ${JSON.stringify(ours).slice(0, 300)}`
}

function readStrictly(bytes: Buffer, methods: readonly string[]): Read[] {
  const read: Read[] = []
  let rest = bytes
  for (const method of methods) {
    for (let interim = interimOf(rest); interim > 0; interim = interimOf(rest)) rest = rest.subarray(interim)
    const response = parseResponse(rest, method, true)
    if (response === undefined) break
    read.push([response.body.toString('latin1'), response.complete])
    if (response.close || !response.complete) break
    rest = response.rest
  }
  return read
}

/** Bytes of the interim response at the beginning. */
function interimOf(bytes: Buffer): number {
  return INTERIM.exec(bytes.toString('latin1', 0, 1000))?.[0].length ?? 0
}

function readByLlhttp(bytes: Buffer, methods: readonly string[]): Read[] | string {
  const read: Read[] = []
  let isInterim = false
  const parser = new HTTPParser()
  parser.initialize(HTTPParser.RESPONSE, {}, 0, 0)
  parser[HTTPParser.kOnHeadersComplete] = (...[, , , , , status]: HeadArgs) => {
    isInterim = status < 200
    if (isInterim) return 0
    read.push(['', false])
    return methods[read.length - 1] === 'HEAD' ? 1 : 0
  }
  parser[HTTPParser.kOnBody] = (part: Buffer) => {
    const last = read.at(-1)
    if (last) last[0] += part.toString('latin1')
  }
  parser[HTTPParser.kOnMessageComplete] = () => {
    const last = read.at(-1)
    if (last && !isInterim) last[1] = true
  }
  const taken = bytes.length === 0 ? 0 : parser.execute(bytes)
  if (typeof taken !== 'number') return `${taken.reason} behind ${taken.bytesParsed} bytes`
  parser.finish()
  return read
}
