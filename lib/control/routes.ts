/** A request to a control server. It has no body: what a handler is to know stands in the path and the query. */
export interface ControlRequest {
  readonly method: Method
  readonly path: string
  readonly query: URLSearchParams
  /** The parts of the path that the route leaves open: `pid` of `/workers/:pid`. */
  readonly params: Readonly<Record<string, string>>
  /** A header field, by its name in lower case. */
  header(name: string): string | undefined
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
}

export type Method = 'get' | 'post'

/** What a handler answers with. */
export interface Reply {
  /** 200 if absent. */
  readonly status?: number
  /** The media type; text if absent. */
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  /** The stream comes to an end by itself, and waits for a slow client. */
  readonly isFinite?: boolean
  /** A stream goes on until it ends, or its client is gone: then the signal is aborted. */
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array>
}

/** Answers a request. It must not block; what it throws is logged, and answered with 500. */
export type Handler = (request: ControlRequest) => Reply | Promise<Reply>

/** Handlers by path and method. A part of a path that begins with a colon stands for any. `get` serves HEAD too. */
export type Routes = Readonly<Record<string, Partial<Readonly<Record<Method, Handler>>>>>

interface Found {
  readonly handlers: Partial<Readonly<Record<Method, Handler>>>
  readonly params: Readonly<Record<string, string>>
}

/** Finds the route of a path. */
export function findRoute(routes: Routes, path: string): Found | undefined {
  const exact = Object.hasOwn(routes, path) ? routes[path] : undefined
  if (exact) return { handlers: exact, params: {} }
  const parts = path.split('/')
  for (const [pattern, handlers] of Object.entries(routes)) {
    const wanted = pattern.split('/')
    if (wanted.length !== parts.length) continue
    const pairs = wanted.map((name, place) => [name, parts[place] ?? ''] as const)
    if (!pairs.every(([name, part]) => name === part || (name.startsWith(':') && part !== ''))) continue
    const open = pairs.filter(([name]) => name.startsWith(':'))
    return { handlers, params: Object.fromEntries(open.map(([name, part]) => [name.slice(1), part])) }
  }
  return undefined
}

/** Returns a reply that is JSON. */
export function json(value: unknown, status = 200): Reply {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` }
}

/** Returns a reply of one line. */
export function text(line: string, status = 200): Reply {
  return { status, body: `${line}\n` }
}
