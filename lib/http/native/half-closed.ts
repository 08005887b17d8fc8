import { KEPT_QUIET } from '../waiting.js'
import type { NativeConnection } from './connection.js'

/** A chunk's size may have zeros in front, the last one's too (RFC 9112, section 7.1). */
const NO_SIZE_YET = '0'

/**
 * A client that has closed its sending side waits for its answer, or is gone, and only bytes that are sent to it tell:
 * the kernel of one that is gone answers them with a reset. So something of the answer leaves before the rest of it, if
 * that is known. If it is not, the kernels find out, once the client's has forgotten the connection.
 */
export function askWhetherThere(connection: NativeConnection): void {
  const { transport, exchange, outbox } = connection
  if (transport.hasHungUp) return connection.close()
  // A unix socket tells by itself.
  if (connection.isProbed || !connection.isHalfClosed || exchange === undefined || !transport.remote()) return
  connection.isProbed = true
  transport.probe(KEPT_QUIET)
  if (!exchange.headSent) outbox.sendBeginning()
  else if (exchange.isAmongChunks) transport.sendText(NO_SIZE_YET)
}
