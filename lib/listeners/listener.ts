import { type BigIntStats, chmodSync, lchownSync, unlinkSync } from 'node:fs'
import { isIP } from 'node:net'
import { errorCode, UnicornError } from '../errors.js'
import { duplicate, listen, setNoDelay } from '../sys/libc.js'
import { bindTcp, bindUnix, setSharesPort, socketFacts, takeNoMore } from '../sys/socket-calls.js'
import { statOfPath } from '../sys/stat.js'
import { type Address, bindText, formatAddress, parseAddress, sameAddress } from './address.js'
import { pastOrphans } from './past-orphans.js'
import { adoptHandle, type ServerHandle } from './server-handle.js'
import type { SocketOptions } from './socket-options.js'
import type { Target } from './targets.js'
import { bindAtPath } from './unix-path.js'

/** One bound and listening socket. The kernel queues connections from the first moment; the arbiter accepts none. */
export class Listener {
  /** As configured. */
  readonly address: Address
  /** As bound: with the real port if the configured one is 0, and with an address in place of a name. */
  readonly bound: Address
  readonly #handle: ServerHandle
  readonly #socketFile: BigIntStats | undefined
  #isClosed = false

  private constructor(address: Address, fd: number, backlog: number, socketFile?: BigIntStats) {
    this.address = address
    this.#handle = adoptHandle(fd)
    this.#socketFile = socketFile
    try {
      this.bound = boundAddress(address, this.#handle)
      if (this.bound.kind === 'tcp') setNoDelay(fd)
      listen(fd, backlog)
    } catch (error) {
      this.#handle.close()
      throw error
    }
  }

  /**
   * Binds and listens.
   * @param own the server's other listeners, which are not in its own way
   * @throws UnicornError that names the address, if it is in use, not allowed or no address of this machine
   */
  static open(target: Target, options: SocketOptions, own: readonly Listener[] = []): Promise<Listener> {
    return pastOrphans(target, () => Listener.#open(target, options, own))
  }

  static async #open(target: Target, options: SocketOptions, own: readonly Listener[]): Promise<Listener> {
    const { address } = target
    const { backlog, umask = 0, owner } = options
    try {
      if (address.kind === 'tcp') return Listener.#openTcp(target, options, own)
      if (address.kind === 'fd') return new Listener(address, ownDescriptor(address), backlog)
      if (address.kind === 'abstract') return new Listener(address, bindUnix(`\0${address.name}`), backlog)
      if (address.kind === 'named') throw new UnicornError(`${bindText(address)} is the name of no socket of systemd's`)
      return await bindAtPath(address.path, (fd, temporary) => {
        // Any user who can reach the path may connect, as with Gunicorn's default umask of 0: nginx runs as another.
        chmodSync(temporary, 0o777 & ~umask)
        if (owner) lchownSync(temporary, owner.uid, owner.gid)
        return new Listener(address, fd, backlog, statOfPath(temporary))
      })
    } catch (error) {
      throw error instanceof UnicornError ? error : refused(target, error)
    }
  }

  /** Takes over a socket that a predecessor has bound. */
  static inherit(address: Address, fd: number, backlog: number): Listener {
    try {
      const file = address.kind === 'unix' ? statOfPath(address.path) : undefined
      return new Listener(address, fd, backlog, file)
    } catch (error) {
      throw refused({ address }, error)
    }
  }

  static #openTcp(
    { address, ip = '', port = 0 }: Target,
    { backlog, reusePort: sharesPort = false, ipv6Only: onlyV6 = false }: SocketOptions,
    own: readonly Listener[],
  ): Listener {
    try {
      return new Listener(address, bindTcp(ip, port, { sharesPort, onlyV6 }), backlog)
    } catch (error) {
      const there = own.filter(({ bound }) => bound.kind === 'tcp' && bound.port === port)
      if (errorCode(error) !== 'EADDRINUSE' || there.length === 0 || sharesPort) throw error
      return sharingPort(there, address, () => {
        const fd = bindTcp(ip, port, { sharesPort: true, onlyV6 })
        const listener = new Listener(address, fd, backlog)
        setSharesPort(fd, false)
        return listener
      })
    }
  }

  get fd(): number {
    return this.#handle.fd
  }

  /** Whether no client can connect any more: something has removed the path of a unix socket. */
  get isLost(): boolean {
    return this.address.kind === 'unix' && isGone(this.address.path)
  }

  /**
   * Whether this is the socket for that target, however it is written. A name may have other addresses by now, and
   * several paths may lead to a unix socket.
   */
  serves({ address, ip }: Target): boolean {
    const isSame = sameAddress(this.address, address)
    if (this.isLost) return false
    if (address.kind === 'unix') return isSame || isSameFile(address.path, this.#socketFile)
    if (address.kind !== 'tcp' || this.bound.kind !== 'tcp' || (isSame && isIP(address.host))) return isSame
    return this.bound.host === ip && (this.bound.port === address.port || (isSame && address.port === 0))
  }

  /** New connections go to another socket for their address, if there is one. Those that wait in the queue stay. */
  giveWay(): void {
    if (this.address.kind === 'tcp') takeNoMore(this.fd)
  }

  /** Gives the address up. A unix path is removed only if `unlink` says so, and only while it still is our socket. */
  close(unlink: boolean): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#handle.close()
    const { address } = this
    if (unlink && address.kind === 'unix' && isSameFile(address.path, this.#socketFile)) unlinkSync(address.path)
  }
}

/** One that systemd has passed stays as it is: a later reload may want it again, and a successor. */
function ownDescriptor({ fd, name }: Extract<Address, { kind: 'fd' }>): number {
  // Its error says what is wrong, where libuv would only call the descriptor invalid.
  const { isStream, family } = socketFacts(fd)
  if (!isStream || family === 'other') throw new UnicornError(`fd://${fd} is no stream socket of IP or unix`)
  return name === undefined ? fd : duplicate(fd)
}

/**
 * Runs `bind` while listeners of ours allow another socket at their port: both families at once, or one address of a
 * machine beside all of them. The kernel gives each connection to the most specific one.
 */
function sharingPort(listeners: readonly Listener[], address: Address, bind: () => Listener): Listener {
  try {
    for (const { fd } of listeners) setSharesPort(fd, true)
    return bind()
  } catch (error) {
    const names = listeners.map(({ bound }) => formatAddress(bound)).join(' and ')
    const found = errorCode(error) ?? String(error)
    const where = formatAddress(address)
    throw new UnicornError(
      `${where} is in use by another process, or cannot be bound beside ${names} of this server (${found}); a restart of the server may help`,
      { found, wanted: 'an address that can be bound', where, error },
    )
  } finally {
    for (const { fd } of listeners) setSharesPort(fd, false)
  }
}

function boundAddress(address: Address, handle: ServerHandle): Address {
  if (address.kind === 'unix' || address.kind === 'abstract') return address
  const path = address.kind === 'fd' ? socketFacts(address.fd).path : ''
  if (path !== '') return parseAddress(`unix:${path}`)
  const out: { address?: string; port?: number } = {}
  handle.getsockname?.(out)
  const { address: host, port } = out
  return host !== undefined && port !== undefined ? { kind: 'tcp', host, port } : address
}

/** Whether nothing is there. False if that cannot be known: in a directory that this user may not search any more. */
function isGone(path: string): boolean {
  try {
    return statOfPath(path) === undefined
  } catch {
    return false
  }
}

function isSameFile(path: string, file: BigIntStats | undefined): boolean {
  try {
    const current = statOfPath(path)
    return current !== undefined && current.ino === file?.ino && current.dev === file.dev
  } catch {
    return false
  }
}

/** Below it, a port needs privileges, unless the system is set up otherwise (ip_unprivileged_port_start). */
const FIRST_FREE_PORT = 1024

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another process',
  EACCES: 'is not allowed to this user',
  EPERM: 'is not allowed to this user',
  EADDRNOTAVAIL: 'is no address of this machine',
  EAFNOSUPPORT: 'is of a family that this machine does not have',
  ENOTFOUND: 'names a host that is not known',
  EAI_AGAIN: 'names a host that cannot be looked up now',
  ENOENT: 'is in a directory that does not exist',
  ENOTDIR: 'has a file where a directory should be',
  EROFS: 'is on a file system that cannot be written',
  EBADF: 'is no open descriptor',
  ENOTSOCK: 'is no socket',
}

/** @returns an error that names the address as configured and, if that is another, the one that could not be bound */
export function refused({ address, ip }: Target, error: unknown): UnicornError {
  const found = errorCode(error) ?? String(error)
  const where = formatAddress(address)
  const resolved = address.kind === 'tcp' && ip !== undefined && ip !== address.host ? `, which is ${ip},` : ''
  const fault = { found, wanted: 'an address that can be bound', where, error }
  const isLow = address.kind === 'tcp' && address.port < FIRST_FREE_PORT && ['EACCES', 'EPERM'].includes(found)
  const hint = isLow
    ? `: ports below ${FIRST_FREE_PORT} need root (see --user) or the capability CAP_NET_BIND_SERVICE`
    : ''
  return new UnicornError(`${where}${resolved} ${REASONS[found] ?? 'cannot be bound'} (${found})${hint}`, fault)
}
