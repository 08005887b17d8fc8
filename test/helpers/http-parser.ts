import { createRequire } from 'node:module'

/** An error of the parser, with what `node:http` tells of it. */
export interface ParserError extends Error {
  readonly code?: string
  readonly reason?: string
  readonly bytesParsed?: number
}

/** What comes with a complete head. Of a request and of a response each has its own part. */
export type HeadArgs = [
  major: number,
  minor: number,
  fields: string[] | undefined,
  method: number,
  url: string | undefined,
  status: number,
  reason: string | undefined,
  upgrade: boolean,
  keepAlive: boolean,
]

/** llhttp, as node:http uses it. Not documented. */
export interface Parser {
  [callback: number]: unknown
  initialize(type: number, resource: object, maxHeaderSize: number, lenient: number): void
  /** @returns the bytes that it took, or the error */
  execute(bytes: Buffer): number | ParserError
  /** The connection has ended. @returns the error, if it ended too early */
  finish(): ParserError | undefined
}

interface ParserClass {
  new (): Parser
  readonly REQUEST: number
  readonly RESPONSE: number
  readonly kOnHeaders: number
  readonly kOnHeadersComplete: number
  readonly kOnBody: number
  readonly kOnMessageComplete: number
}

export const { HTTPParser }: { HTTPParser: ParserClass } = createRequire(import.meta.url)('node:_http_common')
