import type { TLSSocket } from 'node:tls'

/** What TLS says of a connection, by the names of Apache's mod_ssl. */
export type SecurityVariables = Readonly<Record<string, string>>

/** TLS of a connection, behind its handshake. */
export class Security {
  readonly socket: TLSSocket
  #variables: SecurityVariables | undefined = undefined

  constructor(socket: TLSSocket) {
    this.socket = socket
  }

  /** For an environ. A certificate of the client's is there only if it has shown one. */
  get variables(): SecurityVariables {
    this.#variables ??= variablesOf(this.socket)
    return this.#variables
  }
}

function variablesOf(socket: TLSSocket): SecurityVariables {
  const { name: cipher } = socket.getCipher() ?? {}
  const { servername } = socket
  return {
    HTTPS: 'on',
    SSL_PROTOCOL: socket.getProtocol() ?? '',
    SSL_CIPHER: cipher ?? '',
    ...(typeof servername === 'string' && servername !== '' && { SSL_TLS_SNI: servername }),
    ...clientVariables(socket),
  }
}

function clientVariables(socket: TLSSocket): SecurityVariables {
  const certificate = socket.getPeerX509Certificate?.()
  if (!certificate) return { SSL_CLIENT_VERIFY: 'NONE' }
  const { subject, issuer, serialNumber, validFrom, validTo } = certificate
  return {
    // One that is not good has ended the handshake.
    SSL_CLIENT_VERIFY: 'SUCCESS',
    SSL_CLIENT_S_DN: nameOf(subject),
    SSL_CLIENT_I_DN: nameOf(issuer),
    SSL_CLIENT_M_SERIAL: serialNumber,
    SSL_CLIENT_V_START: validFrom,
    SSL_CLIENT_V_END: validTo,
    SSL_CLIENT_CERT: certificate.toString(),
  }
}

/** In one line, the most specific part first, as mod_ssl has it (RFC 2253). */
function nameOf(lines: string): string {
  return lines.split('\n').reverse().join(',')
}
