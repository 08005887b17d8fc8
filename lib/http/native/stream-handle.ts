import type { ClientHandle } from '../../listeners/server-handle.js'
import type { WriteRequest } from './dialect.js'
import type { EndPoint } from './transport.js'

/** The members of a handle that `net.Socket` itself uses. Calls return 0, or a negative error number. */
export interface StreamHandle extends ClientHandle {
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly writeQueueSize: number
  onread: (this: StreamHandle) => void
  readStart(): number
  readStop(): number
  useUserBuffer(buffer: Buffer): void
  writeLatin1String(request: WriteRequest | null, text: string): number | WriteRequest
  writeBuffer(request: WriteRequest | null, bytes: Uint8Array): number | WriteRequest
  /** @param chunks  texts and bytes, each followed by its encoding */
  writev(request: WriteRequest | null, chunks: readonly unknown[], allBytes: boolean): number | WriteRequest
  shutdown(request: object): number
  /** TCP only, as the four below. */
  reset?(done?: () => void): number
  setKeepAlive?(enable: boolean, seconds: number): number
  getpeername?(out: Partial<EndPoint>): number
  getsockname?(out: Partial<EndPoint>): number
  /** Ours. */
  transport?: { read(): void }
}

const MEMBERS = [
  'bytesRead',
  'bytesWritten',
  'writeQueueSize',
  'onread',
  'readStart',
  'readStop',
  'useUserBuffer',
  'writeLatin1String',
  'writeBuffer',
  'writev',
  'shutdown',
]

export function isStreamHandle(handle: ClientHandle): handle is StreamHandle {
  return MEMBERS.every(member => member in handle)
}
