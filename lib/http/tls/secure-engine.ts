import type { EventEmitter } from 'node:events'
import type { ClientHandle } from '../../listeners/server-handle.js'
import { now } from '../../sys/clock.js'
import type { Tls } from '../../tls/material.js'
import type { CreateEngine, Engine, HttpEvents, LocalAddress, Requests, SecuredClient, Takeover } from '../engine.js'
import type { Connection, Peer } from '../exchange.js'
import type { HttpPolicy } from '../policy.js'
import { SILENT_MOMENT } from '../waiting.js'
import { Contexts } from './contexts.js'
import { type HandshakeError, type HandshakeSettings, Handshakes } from './handshakes.js'
import type { SecureConnection } from './secure-connection.js'

export interface SecureSettings extends HandshakeSettings {
  /** A handshake has failed, for a reason that is the client's. */
  onFailure(error: HandshakeError, peer: Peer): void
}

/** Puts TLS in front of an engine, for the listeners that have it. @throws as `Contexts.make` does */
export async function secureMaker(create: CreateEngine, settings: SecureSettings): Promise<CreateEngine> {
  const contexts = await Contexts.make(settings.tls, settings.customize)
  return (policy, events) => new SecureEngine(create, { policy, events }, settings, contexts)
}

/** An engine whose connections are TLS if their listener says so: it gets those behind their handshakes. */
class SecureEngine implements Engine {
  readonly #engine: Engine
  readonly #events: HttpEvents
  readonly #settings: SecureSettings
  readonly #handshakes: Handshakes

  constructor(
    create: CreateEngine,
    { policy, events }: { policy: HttpPolicy; events: HttpEvents },
    settings: SecureSettings,
    contexts: Contexts,
  ) {
    this.#events = events
    this.#settings = settings
    this.#engine = create(policy, {
      request: (exchange, connection) => events.request(exchange, outerOf(connection)),
      finished: (exchange, connection) => events.finished(exchange, outerOf(connection)),
      upgraded: (upgrade, connection) => events.upgraded(upgrade, outerOf(connection)),
      disconnected: connection => events.disconnected(outerOf(connection)),
      refused: (refusal, peer, head) => events.refused(refusal, peer, head),
      failed: error => events.failed(error),
    })
    this.#handshakes = new Handshakes(settings, contexts, {
      policy,
      events: {
        secured: (connection, client) => this.#secured(connection, client),
        failed: (connection, error) => this.#failed(connection, error),
        refused: (refusal, peer) => events.refused(refusal, peer),
      },
    })
  }

  get exchanges(): Requests {
    return this.#engine.exchanges
  }

  get connections(): number {
    return this.#engine.connections + this.#handshakes.pending.size
  }

  get upgraded(): number {
    return this.#engine.upgraded
  }

  /** A connection counts from here on, so a client that stops in its handshake is one that is silent. */
  accept(client: ClientHandle | SecuredClient, local?: LocalAddress): Connection {
    return local?.tls && !('socket' in client)
      ? this.#handshakes.begin(client, local)
      : this.#engine.accept(client, local)
  }

  renew(tls: Tls): Promise<void> {
    return this.#handshakes.renew(tls)
  }

  standInFor(server: EventEmitter, takeovers: readonly Takeover[]): void {
    this.#engine.standInFor(server, takeovers)
  }

  lastResponses(): void {
    this.#engine.lastResponses()
  }

  letOneGo(): void {
    this.#engine.letOneGo()
  }

  closeIdle(): void {
    this.#engine.closeIdle()
  }

  closeQuiet(age: number): void {
    const latest = now() - age
    for (const connection of this.#handshakes.pending) if (connection.quietSince <= latest) connection.close()
    this.#engine.closeQuiet(age)
  }

  closeIdlest(): boolean {
    const { first } = this.#handshakes.pending
    if (!first || now() - first.quietSince < SILENT_MOMENT) return this.#engine.closeIdlest()
    first.close()
    return true
  }

  destroy(): void {
    for (const connection of this.#handshakes.pending) connection.close()
    this.#engine.destroy()
  }

  #secured(connection: SecureConnection, client: SecuredClient): void {
    const inner = this.#engine.accept(client, connection.local)
    connection.inner = inner
    inner.outer = connection
  }

  #failed(connection: SecureConnection, error: HandshakeError | undefined): void {
    if (error?.code === 'ERR_SSL_HTTP_REQUEST') {
      this.#events.refused({ status: 400, why: 'plain HTTP at a listener of TLS' }, connection.peer)
    } else if (error) {
      this.#settings.onFailure(error, connection.peer)
    }
    this.#events.disconnected(connection)
  }
}

function outerOf(connection: Connection): Connection {
  return connection.outer ?? connection
}
