import { lookup } from 'node:dns/promises'
import { type BigIntStats, chmodSync, renameSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { constants } from 'node:os'
import { errorCode, UnicornError } from '../errors.js'
import { listen, setNoDelay } from '../sys/libc.js'
import { statOfPath } from '../sys/stat.js'
import { type Address, formatAddress } from './address.js'
import { adoptHandle, bindHandle, type ServerHandle, systemError } from './server-handle.js'

/** One bound and listening socket. The kernel queues connections from the first moment; the arbiter accepts none. */
export class Listener {
  /** As configured. */
  readonly address: Address
  /** As bound: with the real port if the configured one is 0. */
  readonly bound: Address
  readonly #handle: ServerHandle
  readonly #socketFile: BigIntStats | undefined
  #isClosed = false

  private constructor(address: Address, handle: ServerHandle, backlog: number, socketFile?: BigIntStats) {
    this.address = address
    this.#handle = handle
    this.#socketFile = socketFile
    this.bound = boundAddress(address, handle)
    if (this.bound.kind === 'tcp') setNoDelay(handle.fd)
    listen(handle.fd, backlog)
  }

  /**
   * Binds and listens.
   * @param backlog how many connections the kernel queues at most
   * @param inherited the descriptor of a socket that a predecessor has bound to this address
   * @throws UnicornError that names the address, if it is in use, not allowed or no address of this machine
   */
  static async open(address: Address, backlog: number, inherited?: number): Promise<Listener> {
    try {
      if (inherited !== undefined) {
        const file = address.kind === 'unix' ? statOfPath(address.path) : undefined
        return new Listener(address, adoptHandle(inherited), backlog, file)
      }
      if (address.kind === 'tcp') return await Listener.#bindTcp(address, backlog)
      if (address.kind === 'unix') return await Listener.#bindUnix(address, backlog)
      return new Listener(address, adoptHandle(address.fd), backlog)
    } catch (error) {
      throw error instanceof UnicornError ? error : refused(address, error)
    }
  }

  static async #bindTcp(address: Address & { kind: 'tcp' }, backlog: number): Promise<Listener> {
    const { address: ip, family } = await lookup(address.host)
    const handle = bindHandle(ip, address.port, family === 6 ? 6 : 4)
    try {
      // libuv reports a failed bind only later, and listen(2) on a socket that is not bound would take a random port.
      const port = socketName(handle).port
      if (!port || (address.port !== 0 && port !== address.port)) throw systemError('bind', -constants.errno.EADDRINUSE)
      return new Listener(address, handle, backlog)
    } catch (error) {
      handle.close()
      throw error
    }
  }

  /**
   * Binds a temporary path and renames it onto the real one: libuv unlinks the path that a handle was bound to when the
   * handle closes, and the rename replaces a dead server's socket without a moment in which there is none.
   */
  static async #bindUnix(address: Address & { kind: 'unix' }, backlog: number): Promise<Listener> {
    await refuseLiveOrForeign(address.path)
    const temporary = `${address.path}.${process.pid}.tmp`
    const handle = bindHandle(temporary, -1, -1)
    try {
      // Any user who can reach the path may connect, as with Gunicorn's default umask of 0: nginx runs as another user.
      chmodSync(temporary, 0o777)
      const listener = new Listener(address, handle, backlog, statOfPath(temporary))
      renameSync(temporary, address.path)
      return listener
    } catch (error) {
      handle.close()
      throw error
    }
  }

  get fd(): number {
    return this.#handle.fd
  }

  /** Whether no client can connect any more: something has removed the path of a unix socket. */
  get isLost(): boolean {
    return this.address.kind === 'unix' && this.#socketFile !== undefined && !statOfPath(this.address.path)
  }

  /** Gives the address up. A unix path is removed only if `unlink` says so, and only while it still is our socket. */
  close(unlink: boolean): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#handle.close()
    const { address } = this
    if (unlink && address.kind === 'unix' && this.#socketFile && isSameFile(address.path, this.#socketFile)) {
      unlinkSync(address.path)
    }
  }
}

function boundAddress(address: Address, handle: ServerHandle): Address {
  if (address.kind === 'unix') return address
  const { address: host, port } = socketName(handle)
  return host !== undefined && port !== undefined ? { kind: 'tcp', host, port } : address
}

function socketName(handle: ServerHandle): { address?: string; port?: number } {
  const out: { address?: string; port?: number } = {}
  handle.getsockname?.(out)
  return out
}

function isSameFile(path: string, file: BigIntStats): boolean {
  const current = statOfPath(path)
  return current?.ino === file.ino && current.dev === file.dev
}

/** Throws if the path is no socket, or if a live server listens on it: such a path is never taken over. */
async function refuseLiveOrForeign(path: string): Promise<void> {
  const found = statOfPath(path)
  if (!found) return
  if (!found.isSocket()) {
    throw new UnicornError(`unix:${path} exists and is no socket`, { found: 'another kind of file', where: path })
  }
  if (!(await answers(path))) return
  const fault = { found: 'a live server', wanted: 'a free path or the socket of a dead server', where: path }
  throw new UnicornError(`unix:${path} is in use: a live server listens on it`, fault)
}

/** Returns whether a server listens. Only a dead one's socket gives ECONNREFUSED; a full queue, say, gives EAGAIN. */
function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    const done = (alive: boolean): void => {
      socket.destroy()
      resolve(alive)
    }
    socket.once('connect', () => done(true))
    socket.once('error', error => done(errorCode(error) !== 'ECONNREFUSED'))
  })
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another process',
  EACCES: 'is not allowed to this user',
  EADDRNOTAVAIL: 'is no address of this machine',
  ENOTFOUND: 'names a host that is not known',
  ENOENT: 'is in a directory that does not exist',
  EBADF: 'is no open descriptor',
  ENOTSOCK: 'is no socket',
}

function refused(address: Address, error: unknown): UnicornError {
  const found = errorCode(error) ?? String(error)
  const where = formatAddress(address)
  const fault = { found, wanted: 'an address that can be bound', where, error }
  return new UnicornError(`${where} ${REASONS[found] ?? 'cannot be bound'} (${found})`, fault)
}
