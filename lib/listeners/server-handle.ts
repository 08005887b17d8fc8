import * as net from 'node:net'
import { getSystemErrorName } from 'node:util'

/**
 * Node's own handle of a listening socket, below `net.Server`. Node has no public call to bind without accepting, nor
 * one to accept on an inherited descriptor in a cluster worker without a message to the primary.
 * `net._createServerHandle`, which `node:cluster` itself uses, has been the same from Node 0.6 to 26.
 */
export interface ServerHandle {
  readonly fd: number
  /** Fills `out` and returns 0, or a negative error number. */
  getsockname?(out: { address?: string; family?: string; port?: number }): number
  /** Takes a descriptor over; returns 0, or a negative error number. */
  open(fd: number): number
  /** Begins to accept; returns 0, or a negative error number. */
  listen(backlog: number): number
  onconnection: ((status: number, client: ClientHandle | undefined) => void) | undefined
  close(done?: () => void): void
}

/** The handle of an accepted connection, for `new net.Socket({ handle })`. */
export interface ClientHandle {
  /** -1 once it is closed; absent if it has none. */
  readonly fd?: number
  /** Bytes that were given to it, and how many of them the kernel has not taken yet. */
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
  close(done?: () => void): void
}

declare module 'node:net' {
  function _createServerHandle(
    address: string | null,
    port: number | null,
    addressType: 4 | 6 | -1 | null,
    fd?: number,
  ): ServerHandle | number
  interface SocketConstructorOpts {
    handle?: ClientHandle
    onread?: net.OnReadOpts
    emitClose?: boolean
    autoDestroy?: boolean
    decodeStrings?: boolean
  }
}

/**
 * Returns the options of the socket of an accepted connection. The last three are those that Node's constructor sets in
 * its copy of them: if it has to add them, V8 gives each copy a hidden class of its own, and none of the 30 reads of
 * it is quick. That was 10 of 37 us of a new connection.
 */
export function acceptedOptions(handle: ClientHandle): net.SocketConstructorOpts {
  return {
    handle,
    allowHalfOpen: true,
    readable: true,
    writable: true,
    emitClose: false,
    autoDestroy: true,
    decodeStrings: false,
  }
}

/** Makes a handle of an open descriptor, which the handle owns from now on. */
export function adoptHandle(fd: number): ServerHandle {
  return checked('open', net._createServerHandle(null, null, null, fd))
}

/** Does the same for a descriptor of the same kind as `sample`, which saves the system call that finds that out. */
export function adoptAlike(sample: ServerHandle, fd: number): ServerHandle {
  // The constructor's argument only names the handle in traces.
  const handle: ServerHandle = Reflect.construct(sample.constructor, [0])
  const status = handle.open(fd)
  if (status === 0) return handle
  throw systemError('open', status)
}

function checked(call: string, handle: ServerHandle | number): ServerHandle {
  if (typeof handle !== 'number') return handle
  throw systemError(call, handle)
}

/** Makes an error with `code` and `syscall` of libuv's negative error number. */
export function systemError(call: string, errno: number): Error {
  const code = getSystemErrorName(errno)
  return Object.assign(new Error(`${call}: ${code}`), { code, syscall: call })
}
