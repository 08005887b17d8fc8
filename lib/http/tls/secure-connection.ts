import { Socket } from 'node:net'
import { acceptedOptions, type ClientHandle } from '../../listeners/server-handle.js'
import { now } from '../../sys/clock.js'
import type { Linked } from '../../sys/linked-list.js'
import type { LocalAddress } from '../engine.js'
import type { Connection, Peer } from '../exchange.js'
import { SecurePeer } from './secure-peer.js'

/** A socket below TLS. */
class RawSocket extends Socket {
  connection: SecureConnection | undefined = undefined

  constructor(handle: ClientHandle) {
    super(acceptedOptions(handle))
  }
}

/** A connection of TLS, from its accept on; behind its handshake, an engine has one of its own for it. */
export class SecureConnection implements Connection, Linked<SecureConnection> {
  previous: SecureConnection | undefined = undefined
  next: SecureConnection | undefined = undefined
  mark = 0
  readonly quietSince = now()
  readonly raw: Socket
  readonly handle: ClientHandle
  readonly local: LocalAddress | undefined
  /** The engine's connection, behind the handshake. */
  inner: Connection | undefined = undefined
  /** In place of the connection's own peer, the one that a proxy has told of. */
  relayed: ((peer: Peer) => Peer) | undefined = undefined
  /** Before the handshake is over. */
  #peer: Peer

  constructor(handle: ClientHandle, local: LocalAddress | undefined) {
    const raw = new RawSocket(handle)
    this.raw = raw
    this.handle = handle
    this.local = local
    this.#peer = new SecurePeer(raw, local)
    raw.connection = this
  }

  /** @param raw  its socket below TLS */
  static of(raw: unknown): SecureConnection | undefined {
    return raw instanceof RawSocket ? raw.connection : undefined
  }

  get peer(): Peer {
    return this.inner?.peer ?? this.#peer
  }

  /** A proxy tells of its client. */
  relay(relayed: (peer: Peer) => Peer): void {
    this.relayed = relayed
    this.#peer = relayed(this.#peer)
  }

  get isInHandshake(): boolean {
    return this.inner === undefined
  }

  get isGone(): boolean {
    return this.inner?.isGone ?? this.raw.destroyed
  }

  /** Ends it within its handshake. */
  close(): void {
    this.raw.destroy()
  }
}
