// A case of the HTTP policy: bytes, and what they are answered with. Bytes are written as characters of Latin-1.

/** The engines, by their names in the setting `httpEngine`. */
export type Engine = 'node' | 'native'

/** `400`, or with what the application has seen of its request: `200 POST /a hello`. */
export type Answer = string

/** Answers in their order; interim ones (100) do not count. */
export type Answers = readonly Answer[]

export interface Case {
  readonly name: string
  readonly bytes: string
  /** Any of these. */
  readonly wanted: readonly Answers[]
  /** In place of them on an engine that differs, for a reason that `docs/http.md` gives. */
  readonly differs?: { readonly [Name in Engine]?: readonly Answers[] }
  /** Nothing stands behind the bytes, and the client sends this again and again; nothing, if it is empty. */
  readonly drip?: string
  /** The client closes its sending side behind the bytes. Otherwise a good request stands behind them. */
  readonly ends?: true
}

/** Stands behind the bytes of every case, and closes its connection. */
export const BEHIND = 'GET /behind HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n'

/** The answer to it. */
export const SERVED_BEHIND: Answer = '200 GET /behind '

/** It is answered, and so is what stands behind it. @param answers  those of more than one request */
export function served(name: string, bytes: string, ...answers: Answer[]): Case {
  return { name, bytes, wanted: [[...(answers.length > 0 ? answers : ['200']), SERVED_BEHIND]] }
}

/** The last request is answered, and nothing behind it is. */
export function closed(name: string, bytes: string, ...answers: Answer[]): Case {
  return { name, bytes, wanted: [answers.length > 0 ? answers : ['200']] }
}

/** Nothing of it reaches the application, and nothing behind it does. @param statuses  any of these */
export function refused(name: string, bytes: string, ...statuses: number[]): Case {
  return { name, bytes, wanted: (statuses.length > 0 ? statuses : [400]).map(status => [String(status)]) }
}

/** Good requests, and then what is refused. */
export function refusedBehind(name: string, bytes: string, ...answers: Answer[]): Case {
  return { name, bytes, wanted: [answers] }
}

/** The policy leaves it open whether it is served. */
export function either(name: string, bytes: string): Case {
  return { name, bytes, wanted: [['400'], ['200', SERVED_BEHIND]] }
}

/** A client that goes away in the middle: nothing is answered but by these, if by any. */
export function unfinished(name: string, bytes: string, ...statuses: number[]): Case {
  return { name, bytes, wanted: [[], ...statuses.map(status => [String(status)])], ends: true }
}

/** Its connection may also be closed, so that nothing behind it is served. */
export function orClosed(found: Case): Case {
  return { ...found, wanted: [...found.wanted, ...found.wanted.map(answers => answers.slice(0, -1))] }
}

/** The parser of the node engine refuses it. */
export function refusedByNode(found: Case): Case {
  return { ...found, differs: { node: [['400']] } }
}

/** The parser of the node engine takes it, and tells nothing of it. */
export function takenByNode(found: Case, ...answers: Answer[]): Case {
  return { ...found, differs: { node: [answers.length > 0 ? answers : ['200', SERVED_BEHIND]] } }
}

/** A request without a body. */
export function get(...fields: string[]): string {
  return request('GET / HTTP/1.1', 'Host: a', ...fields)
}

/** A head in bytes, from its lines. */
export function request(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** A request line and a Host. */
export function line(requestLine: string, ...fields: string[]): string {
  return request(requestLine, 'Host: a', ...fields)
}

/** A request with `fields` and the bytes that follow the head. */
export function post(fields: string | readonly string[], rest = ''): string {
  return request('POST / HTTP/1.1', 'Host: a', ...[fields].flat()) + rest
}

/** A request with a chunked body. @param body  with its framing */
export function chunked(body: string): string {
  return post('Transfer-Encoding: chunked', body)
}
