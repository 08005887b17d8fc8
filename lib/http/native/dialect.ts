import { Socket } from 'node:net'

/** What a write or a shutdown that is under way is known by. */
export interface WriteRequest {
  /** Not -1 while it is in use. */
  getAsyncId(): number
  oncomplete: (this: WriteRequest, status: number) => void
  /** What is being written, for the garbage collector to leave alone. */
  pieces?: readonly unknown[]
  /** From Node 26 on: how it ended, if it has already. */
  readonly writeStatus?: number | null
}

export interface ShutdownRequest {
  oncomplete: () => void
}

/**
 * How Node's own sockets talk to the handles below them, which is not documented and has changed once. Up to Node 24 a
 * caller brings a request along for each write. From 26 on it brings null, and gets a request back if the write waits.
 */
export interface Dialect {
  readonly WriteRequest: (new () => WriteRequest) | undefined
  readonly ShutdownRequest: new () => ShutdownRequest
}

/** Finds out what a socket passes to its handle, by a socket on a handle of our own. Undefined if that is unknown. */
export function findDialect(): Dialect | undefined {
  const passed: { write?: unknown; shutdown?: unknown } = {}
  const handle = {
    getAsyncId: () => 0,
    readStart: () => 0,
    readStop: () => 0,
    close: () => {},
    writeLatin1String: (request: unknown) => {
      passed.write = request
      return 0
    },
    shutdown: (request: unknown) => {
      passed.shutdown = request
      return 0
    },
  }
  const socket = new Socket({ handle, readable: false, writable: true })
  socket.on('error', () => {})
  socket.write('?', 'latin1')
  socket.end()
  const { write, shutdown } = passed
  if (!isInstance<ShutdownRequest>(shutdown)) return undefined
  if (write === null) return { WriteRequest: undefined, ShutdownRequest: shutdown.constructor }
  if (!isInstance<WriteRequest>(write) || typeof Reflect.get(write, 'getAsyncId') !== 'function') return undefined
  return { WriteRequest: write.constructor, ShutdownRequest: shutdown.constructor }
}

function isInstance<Request>(value: unknown): value is { readonly constructor: new () => Request } {
  return typeof value === 'object' && value !== null && value.constructor !== Object
}
