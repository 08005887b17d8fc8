import { writeSync } from 'node:fs'
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls'
import type { ClientHandle } from '../../listeners/server-handle.js'
import { LinkedList } from '../../sys/linked-list.js'
import type { Tls } from '../../tls/material.js'
import type { LocalAddress, SecuredClient } from '../engine.js'
import type { Peer } from '../exchange.js'
import { refuseSocket } from '../node/closing.js'
import type { HttpPolicy } from '../policy.js'
import { awaitPreface } from '../proxy-protocol/await-preface.js'
import type { Refusal } from '../refusal.js'
import { lingerSilence } from '../waiting.js'
import { Contexts, type Customize } from './contexts.js'
import { SecureConnection } from './secure-connection.js'

/** Whether requests of HTTP/2 come with the objects of the node interface. */
export type Http2Kind = 'node' | 'neutral'

export interface HandshakeSettings {
  readonly tls: Tls
  /** How long one may take, in milliseconds. */
  readonly handshakeTimeout: number
  /** How many may be under way. For one more, the oldest gives way. */
  readonly maxHandshakes: number
  readonly customize: Customize
  /** Clients are offered HTTP/2, if it is there. */
  readonly http2: Http2Kind | undefined
}

/** What is told, and what has a say. */
interface Surroundings {
  readonly policy: HttpPolicy
  readonly events: HandshakeEvents
}

interface HandshakeEvents {
  secured(connection: SecureConnection, client: SecuredClient): void
  /** The handshake has failed, or its client is gone. */
  failed(connection: SecureConnection, error: HandshakeError | undefined): void
  /** What stands before the handshake is refused, in the clear. */
  refused(refusal: Refusal, peer: Peer): void
}

export type HandshakeError = Error & { readonly code?: string; readonly reason?: string }

const PLAIN_TEXT = 'The plain HTTP request was sent to a port of HTTPS\n'
const ANSWER = [
  'HTTP/1.1 400 Bad Request',
  'Connection: close',
  'Content-Type: text/plain',
  `Content-Length: ${PLAIN_TEXT.length}`,
  '',
  PLAIN_TEXT,
].join('\r\n')

/** Does the handshakes of accepted connections, by a server of `node:tls` that never listens. */
export class Handshakes {
  readonly pending = new LinkedList<SecureConnection>()
  readonly #settings: HandshakeSettings
  readonly #policy: HttpPolicy
  readonly #events: HandshakeEvents
  readonly #server: Server
  #contexts: Contexts

  constructor(settings: HandshakeSettings, contexts: Contexts, { policy, events }: Surroundings) {
    const { tls, handshakeTimeout } = settings
    const { certReqs } = tls.material
    this.#settings = settings
    this.#contexts = contexts
    this.#policy = policy
    this.#events = events
    this.#server = createServer({
      ...contexts.first,
      handshakeTimeout: handshakeTimeout > 0 ? handshakeTimeout : 2 ** 31 - 1,
      requestCert: certReqs !== 'none',
      rejectUnauthorized: certReqs === 'required',
      ALPNProtocols: settings.http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
      ...(contexts.hasOthers && {
        SNICallback: (name: string, done: (error: null, context?: SecureContext) => void) =>
          done(null, this.#contexts.find(name)),
      }),
    })
    this.#server.on('secureConnection', socket => this.#onSecured(socket))
    this.#server.on('tlsClientError', (error: HandshakeError, socket) => this.#onError(error, socket))
  }

  /** New connections get what is new; those that there are stay. @throws as `Contexts.make` does */
  async renew(tls: Tls): Promise<void> {
    const contexts = await Contexts.make(tls, this.#settings.customize)
    this.#contexts = contexts
    this.#server.setSecureContext(contexts.first)
  }

  begin(handle: ClientHandle, local: LocalAddress | undefined): SecureConnection {
    const connection = new SecureConnection(handle, local)
    const { raw } = connection
    raw.on('error', () => {})
    raw.once('close', () => this.#end(connection, undefined))
    const { first, size } = this.pending
    if (first && size >= this.#settings.maxHandshakes) first.close()
    this.pending.add(connection)
    if (this.#policy.preface === undefined) this.#server.emit('connection', raw)
    else this.#awaitPreface(connection)
    return connection
  }

  /** A proxy's header comes first, in the clear. */
  #awaitPreface(connection: SecureConnection): void {
    const { raw, peer } = connection
    awaitPreface({ socket: raw, peer }, this.#policy, {
      begin: ({ relayed }) => {
        connection.relay(relayed)
        this.#server.emit('connection', raw)
      },
      refuse: refusal => {
        refuseSocket(raw, refusal.status, lingerSilence(this.#policy))
        this.#events.refused(refusal, peer)
      },
    })
  }

  #onSecured(socket: TLSSocket): void {
    const connection = this.#connectionOf(socket)
    if (!connection || !this.pending.delete(connection)) return void socket.destroy()
    // With `optional`, Node lets those pass too whose certificate is not good.
    const isBad = this.#settings.tls.material.certReqs === 'optional' && !socket.authorized && hasCertificate(socket)
    if (isBad) {
      this.pending.add(connection)
      const why = `the client's certificate is not good: ${String(socket.authorizationError)}`
      this.#end(connection, new Error(why))
      return void socket.destroy()
    }
    const { raw, handle, relayed } = connection
    this.#events.secured(connection, { socket, raw, handle, ...(relayed && { relayed }) })
  }

  #onError(error: HandshakeError, socket: TLSSocket): void {
    const connection = this.#connectionOf(socket)
    if (connection && this.pending.has(connection)) {
      if (error.code === 'ERR_SSL_HTTP_REQUEST') answerPlain(connection.handle)
      this.#end(connection, error)
    }
    socket.destroy()
    connection?.close()
  }

  #end(connection: SecureConnection, error: HandshakeError | undefined): void {
    if (this.pending.delete(connection)) this.#events.failed(connection, error)
  }

  #connectionOf(socket: TLSSocket): SecureConnection | undefined {
    // Not documented, but in all versions of Node: the socket below.
    return SecureConnection.of(Reflect.get(socket, '_parent'))
  }
}

function hasCertificate(socket: TLSSocket): boolean {
  return socket.getPeerX509Certificate() !== undefined
}

/** The socket itself is of TLS, which has failed: the answer goes to the kernel, whose buffer is still empty. */
function answerPlain({ fd = -1 }: ClientHandle): void {
  try {
    if (fd >= 0) writeSync(fd, ANSWER)
  } catch {
    // The client is gone.
  }
}
