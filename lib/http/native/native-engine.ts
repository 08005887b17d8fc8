import { AsyncResource } from 'node:async_hooks'
import { now } from '../../sys/clock.js'
import { LinkedList } from '../../sys/linked-list.js'
import { type Accepted, type Engine, type HttpEvents, isSecured, type LocalAddress } from '../engine.js'
import type { Exchange, Peer } from '../exchange.js'
import type { RequestHead } from '../head.js'
import { idlestOf } from '../idlest.js'
import type { HttpPolicy } from '../policy.js'
import type { Refusal } from '../refusal.js'
import { ended, started } from '../request-channels.js'
import { NativeConnection, type Owner } from './connection.js'
import { awaited, Deadlines, type Wait } from './deadlines.js'
import type { NativeExchange } from './exchange.js'
import { askWhetherThere } from './half-closed.js'
import { HeadReader } from './parser/head.js'
import { NativePeer } from './peer.js'
import { StatusLines } from './status-lines.js'
import type { MakeTransport } from './transport.js'

/** HTTP/1.1 on the bare connection. It has no objects of `node:http`, and no takeovers: no connection leaves HTTP. */
export class NativeEngine implements Engine, Owner {
  readonly exchanges = new LinkedList<Exchange>()
  readonly upgraded = 0
  readonly policy: HttpPolicy
  readonly lines: StatusLines
  mayKeep: boolean
  readonly #connections = new LinkedList<NativeConnection>()
  readonly #events: HttpEvents
  readonly #transportOf: MakeTransport
  readonly #deadlines: Deadlines<NativeConnection>
  /** What no request has a part in. */
  readonly #apart = new AsyncResource('UNICORN_ENGINE')
  #letsOneGo = false
  #reader: HeadReader | undefined
  /** Bytes of all heads that are not complete. */
  #held = 0

  constructor(policy: HttpPolicy, events: HttpEvents, transportOf: MakeTransport) {
    this.policy = policy
    this.lines = new StatusLines(policy.keepAlive)
    this.mayKeep = policy.keepAlive > 0
    this.#events = events
    this.#transportOf = transportOf
    this.#deadlines = new Deadlines(this.#connections, policy, (connection, wait) => this.#onOverdue(connection, wait))
  }

  get connections(): number {
    return this.#connections.size
  }

  accept(client: Accepted, local?: LocalAddress): NativeConnection {
    const transport = this.#transportOf(client)
    const own = new NativePeer(transport, local)
    const peer = (isSecured(client) && client.relayed?.(own)) || own
    const connection = new NativeConnection(transport, peer, this)
    this.#connections.add(connection)
    transport.start()
    return connection
  }

  /** An application that has a server of its own is not served by this engine. */
  standInFor(): void {}

  lastResponses(): void {
    this.mayKeep = false
  }

  letOneGo(): void {
    this.#letsOneGo = true
  }

  closeIdle(): void {
    for (const connection of this.#connections) if (connection.isServed) connection.closeIfIdle()
  }

  closeQuiet(age: number): void {
    const latest = now() - age
    for (const connection of this.#connections) if (connection.quietSince <= latest) connection.closeIfIdle()
  }

  closeIdlest(): boolean {
    const isIdle = ({ isBetween, hasBegun }: NativeConnection): boolean => isBetween && !hasBegun
    const idlest = idlestOf(this.#connections, isIdle, ({ isServed }) => isServed)
    if (idlest) unlessHeard(idlest, connection => connection.closeIfIdle())
    return idlest !== undefined
  }

  destroy(): void {
    this.#deadlines.stop()
    for (const connection of this.#connections) connection.close()
  }

  // What connections report.

  takeReader(): HeadReader {
    const reader = this.#reader ?? new HeadReader(this.policy)
    this.#reader = undefined
    return reader
  }

  giveReader(reader: HeadReader): void {
    this.#reader = reader
  }

  begun(exchange: NativeExchange, connection: NativeConnection): void {
    this.exchanges.add(exchange)
    if (this.#letsOneGo && connection.isServed && !connection.hasMore && exchange.keepsConnection) {
      this.#letsOneGo = false
      exchange.letGo()
    }
    if (started.hasSubscribers) started.publish(exchange)
    try {
      exchange.runInAsyncScope(this.#events.request, this.#events, exchange, connection)
    } catch (error) {
      process.nextTick(rethrow, error)
    }
  }

  finished(exchange: NativeExchange, connection: NativeConnection): void {
    if (!this.exchanges.delete(exchange)) return
    if (ended.hasSubscribers) ended.publish(exchange)
    this.#events.finished(exchange, connection)
  }

  refused(refusal: Refusal, peer: Peer, head?: RequestHead): void {
    this.#events.refused(refusal, peer, head)
  }

  gone(connection: NativeConnection): void {
    if (this.#connections.delete(connection)) this.#events.disconnected(connection)
  }

  /** While the heads that are not complete take more than `limitRequestHeads`, the largest is given up. */
  holds(bytes: number): void {
    this.#held += bytes
    const { limitRequestHeads = 0 } = this.policy
    if (bytes <= 0 || limitRequestHeads === 0 || this.#held <= limitRequestHeads) return
    let largest: NativeConnection | undefined
    for (const connection of this.#connections) {
      if (connection.headSize > (largest?.headSize ?? 0)) largest = connection
    }
    largest?.abandonHead()
  }

  failed(error: unknown): void {
    this.#events.failed(error)
  }

  later(run: (connection: NativeConnection) => void, connection: NativeConnection): void {
    this.#apart.runInAsyncScope(process.nextTick, process, run, connection)
  }

  #onOverdue(connection: NativeConnection, wait: Wait): void {
    if (wait === 'body' || wait === 'rest') connection.bodyIsLate()
    else if (wait === 'answer') askWhetherThere(connection)
    else if (wait === 'reader' || wait === 'linger') connection.close()
    else {
      unlessHeard(connection, () => {
        if (awaited(connection) !== wait) return
        if (wait === 'head') connection.headIsLate()
        else connection.finish()
      })
    }
  }
}

/** What the worker throws is an uncaught error, as ever: none of this engine. */
function rethrow(error: unknown): never {
  throw error
}

/** A late loop leaves a timely request in the kernel: one more turn reads it. */
function unlessHeard(connection: NativeConnection, run: (connection: NativeConnection) => void): void {
  const { bytesRead } = connection.transport
  setImmediate(() => {
    if (connection.transport.bytesRead === bytesRead) run(connection)
  })
}
