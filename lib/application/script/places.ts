import type { AddressInfo } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import type { ListenerSeat } from '../../listeners/listener-seat.js'
import { familyOf } from '../../sys/ip-family.js'
import type { ApplicationHost } from '../application.js'

/** A port, or an absolute path; port 0 is any free one. */
export type Place = number | string

/** How much the place where a server listens speaks for its being the application. */
export const CLAIM = {
  /** Any free port. */
  anywhere: 0,
  /** A port or path that unicorn knows nothing of. */
  elsewhere: 1,
  /** The variable `PORT`. */
  port: 2,
  /** Where unicorn itself listens. */
  bound: 3,
} as const

/** Where unicorn listens, and what that makes of the places where the application's servers want to listen. */
export class Places {
  readonly #listeners: readonly ListenerSeat[]
  readonly #bound: readonly Place[]
  /** What `server.address()` says: the first listener, as Node would describe it. */
  readonly address: AddressInfo | string

  constructor({ listeners, binds }: Pick<ApplicationHost, 'listeners' | 'binds'>) {
    const seats = listeners.map(({ port, path, name }) => port ?? path ?? name)
    this.#listeners = listeners
    this.#bound = [...seats, ...binds.filter(at => at !== 0)]
    this.address = addressOf(listeners) ?? uncheckedAddress(this.#bound)
  }

  isBound(at: Place): boolean {
    return this.#bound.includes(at)
  }

  /** Whether a client that connects to `host` at the port `at` reaches unicorn, or would if it listened there. */
  leadsHere(at: Place, host = 'localhost'): boolean {
    if (typeof at === 'string') return true
    const hosts = this.#listeners.flatMap(seat => (seat.port === at && seat.host !== undefined ? seat.host : []))
    if (hosts.length === 0) return isLoopback(host)
    return hosts.some(
      bound => bound === host || (isLoopback(bound) && isLoopback(host)) || (isWildcard(bound) && isOurs(host)),
    )
  }

  claimOf(at: Place): number {
    if (this.isBound(at)) return CLAIM.bound
    if (at === 0) return CLAIM.anywhere
    return isPort(at) ? CLAIM.port : CLAIM.elsewhere
  }

  /** What `server.address()` says while it is open whether the server is the application: the likelier of both. */
  addressAt(at: Place): AddressInfo | string {
    if (at === 0 || !hasPort() || this.claimOf(at) >= CLAIM.port) return this.address
    return typeof at === 'number' ? { address: '::', family: 'IPv6', port: at } : at
  }
}

export function placeText(at: Place): string {
  if (at === 0) return 'any free port'
  return typeof at === 'number' ? `port ${at}` : at
}

/** Whether the environment says where the application is to listen. */
export function hasPort(): boolean {
  return Boolean(process.env.PORT)
}

/** Read at each call: the script may have set it from a file. */
function isPort(at: Place): boolean {
  const { PORT = '' } = process.env
  return PORT !== '' && (String(at) === PORT || at === resolve(PORT))
}

function addressOf([first]: readonly ListenerSeat[]): AddressInfo | string | undefined {
  if (!first) return undefined
  if (first.host === undefined || first.port === undefined) return first.path ?? first.name
  return { address: first.host, family: familyOf(first.host) === 'ipv6' ? 'IPv6' : 'IPv4', port: first.port }
}

/** `--check-config` listens nowhere. */
function uncheckedAddress(bound: readonly Place[]): AddressInfo {
  return { address: '127.0.0.1', family: 'IPv4', port: bound.find(at => typeof at === 'number') ?? 0 }
}

function isWildcard(host: string): boolean {
  return ['0.0.0.0', '::'].includes(host)
}

function isLoopback(host: string): boolean {
  return isWildcard(host) || /^(localhost|127(\.\d+){3}|::1)$/i.test(host)
}

/** Whether it is an address or the name of this machine. */
function isOurs(host: string): boolean {
  if (isLoopback(host) || host === hostname()) return true
  return Object.values(networkInterfaces()).some(addresses => addresses?.some(({ address }) => address === host))
}
