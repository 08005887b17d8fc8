import { closeSync } from 'node:fs'
import { endianness } from 'node:os'
import { addressOfBuffer, check, declareCall } from './libc.js'
import { AF_UNIX, ipAddress, unixAddress } from './socket-calls.js'

const linux = process.platform === 'linux'
const SOCK_DGRAM = 2
const SOCK_CLOEXEC_NONBLOCK = 0o2004000
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const MSG_NOSIGNAL = 0x4000
/** Linux' 64-bit `struct msghdr`, `struct iovec` and `struct cmsghdr`, in bytes (sendmsg(2), cmsg(3)). */
const MSGHDR_SIZE = 56
const IOVEC_SIZE = 16
const CMSGHDR_SIZE = 16

const socket = declareCall('int socket(int family, int type, int protocol)')
const connect = declareCall('int connect(int fd, const uint8_t *address, uint32_t size)')
const sendmsg = declareCall('long sendmsg(int fd, const uint8_t *message, int flags)')

/** Whether this platform's structures are known here: 64-bit Linux, in the byte order of all that Node runs on. */
export const canSendDatagrams = linux && endianness() === 'LE'

/**
 * Sends a datagram to a unix socket, without waiting for room in its queue.
 * @param path  of the socket; one that begins with `@` is an abstract name
 * @param fds  descriptors that go along (SCM_RIGHTS); they stay open here
 * @throws an error with a `code`: EAGAIN if the queue is full, ECONNREFUSED or ENOENT if nothing reads, ENAMETOOLONG
 */
export function sendDatagram(path: string, text: string, fds: readonly number[] = []): void {
  const fd = check('socket', socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC_NONBLOCK, 0))
  try {
    const [address, data, control] = [unixAddress(path.replace(/^@/, '\0')), Buffer.from(text), rights(fds)]
    const vector = Buffer.alloc(IOVEC_SIZE)
    check('sendmsg', sendmsg(fd, header({ address, data, control }, vector), MSG_NOSIGNAL))
  } finally {
    closeSync(fd)
  }
}

/**
 * Makes a UDP socket that sends to one address, and never waits.
 * @param ip  an IPv4 or IPv6 address
 * @returns the descriptor, closed on exec; `sendNow` throws ECONNREFUSED once the other end has refused something
 * @throws an error with a `code`: ENETUNREACH ...
 */
export function udpSocket(ip: string, port: number): number {
  const { family, address } = ipAddress(ip, port)
  const fd = check('socket', socket(family, SOCK_DGRAM | SOCK_CLOEXEC_NONBLOCK, 0))
  try {
    check('connect', connect(fd, address, address.length))
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

interface Parts {
  readonly address: Buffer
  readonly data: Buffer
  readonly control: Buffer
}

/** Makes what sendmsg(2) takes: it points at the others, and `vector` at the data. The caller holds all of them. */
function header({ address, data, control }: Parts, vector: Buffer): Buffer {
  const message = Buffer.alloc(MSGHDR_SIZE)
  vector.writeBigUInt64LE(addressOfBuffer(data), 0)
  vector.writeBigUInt64LE(BigInt(data.length), 8)
  message.writeBigUInt64LE(addressOfBuffer(address), 0)
  message.writeUInt32LE(address.length, 8)
  message.writeBigUInt64LE(addressOfBuffer(vector), 16)
  message.writeBigUInt64LE(1n, 24)
  if (control.length > 0) message.writeBigUInt64LE(addressOfBuffer(control), 32)
  message.writeBigUInt64LE(BigInt(control.length), 40)
  return message
}

/** The control message that carries descriptors. */
function rights(fds: readonly number[]): Buffer {
  if (fds.length === 0) return Buffer.alloc(0)
  const length = CMSGHDR_SIZE + 4 * fds.length
  const control = Buffer.alloc(Math.ceil(length / 8) * 8)
  control.writeBigUInt64LE(BigInt(length), 0)
  control.writeInt32LE(SOL_SOCKET, 8)
  control.writeInt32LE(SCM_RIGHTS, 12)
  for (const [at, fd] of fds.entries()) control.writeInt32LE(fd, CMSGHDR_SIZE + 4 * at)
  return control
}
