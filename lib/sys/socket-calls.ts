import { closeSync } from 'node:fs'
import { familyOf } from './ip-family.js'
import { check, declareCall, duplicate, NO_DESCRIPTOR } from './libc.js'

const linux = process.platform === 'linux'
const MSG_DONTWAIT = linux ? 0x40 : 0x80
/** macOS has no such flag, and Node ignores SIGPIPE anyway. */
const MSG_NOSIGNAL = linux ? 0x4000 : 0

const send = declareCall('long send(int fd, const uint8_t *data, size_t size, int flags)')

/**
 * Writes to a socket without waiting, though other processes that share it may want their writes to wait.
 * @returns how many bytes were written
 * @throws an error with a `code`: EAGAIN if there is no room, EPIPE if the other end is closed
 */
export function sendNow(fd: number, data: Uint8Array): number {
  return check('send', send(fd, data, data.byteLength, MSG_DONTWAIT | MSG_NOSIGNAL))
}

const recv = declareCall('long recv(int fd, uint8_t *buffer, size_t length, int flags)')
const MSG_PEEK = 0x2
const peeked = Buffer.alloc(1)

/** Returns whether bytes have come on this connection that were not read yet. Its end is none. */
export function hasUnread(fd = NO_DESCRIPTOR): boolean {
  return recv(fd, peeked, 1, MSG_PEEK | MSG_DONTWAIT) > 0
}

/** Returns whether the other end of this connection sends no more, and all that it has sent was read. */
export function isAtEnd(fd = NO_DESCRIPTOR): boolean {
  return recv(fd, peeked, 1, MSG_PEEK | MSG_DONTWAIT) === 0
}

const SOCK_STREAM = 1
const SOCK_CLOEXEC_NONBLOCK = 0o2004000
export const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = linux ? 10 : 30
const SOL_SOCKET = linux ? 1 : 0xffff
const SO_REUSEADDR = linux ? 2 : 4
const SO_REUSEPORT = linux ? 15 : 0x200
const SO_BINDTOIFINDEX = 62
const SO_TYPE = linux ? 3 : 0x1008
const SO_ACCEPTCONN = linux ? 30 : 2
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = linux ? 26 : 27
/** The number of no network interface. */
const NO_INTERFACE = 0x7fff_ffff
const SOCKADDR_IN_SIZE = 16
const SOCKADDR_IN6_SIZE = 28
const SOCKADDR_UN_SIZE = linux ? 110 : 106

const socket = declareCall('int socket(int family, int type, int protocol)')
const bind = declareCall('int bind(int fd, const uint8_t *address, uint32_t size)')
const setsockopt = declareCall('int setsockopt(int fd, int level, int name, const int *value, uint32_t size)')
const getsockopt = declareCall('int getsockopt(int fd, int level, int name, uint8_t *value, uint8_t *size)')
const getsockname = declareCall('int getsockname(int fd, uint8_t *address, uint8_t *size)')
/** Of libuv, which knows how this platform writes addresses, the scopes of IPv6 too. */
const ip4Address = declareCall('int uv_ip4_addr(const char *ip, int port, uint8_t *address)')
const ip6Address = declareCall('int uv_ip6_addr(const char *ip, int port, uint8_t *address)')

/**
 * @returns an address of this platform, and the number of its family
 * @throws an error if `ip` is none
 */
export function ipAddress(ip: string, port: number): { family: number; address: Buffer } {
  const isV6 = familyOf(ip) === 'ipv6'
  const address = Buffer.alloc(isV6 ? SOCKADDR_IN6_SIZE : SOCKADDR_IN_SIZE)
  check('address', (isV6 ? ip6Address : ip4Address)(ip, port, address) === 0 ? 0 : -1)
  return { family: isV6 ? AF_INET6 : AF_INET, address }
}

/**
 * Binds a TCP socket, without listening. Node's own call reports a failed bind only later, and has no SO_REUSEPORT.
 * @param ip  an IPv4 or IPv6 address; `::` takes connections of both families
 * @param sharesPort  whether sockets of this user that share their port too may be at the same one
 * @param onlyV6  whether `::` takes connections of IPv6 alone
 * @returns the descriptor, closed on exec
 * @throws an error with a `code`: EADDRINUSE, EACCES, EADDRNOTAVAIL ...
 */
export function bindTcp(ip: string, port: number, { sharesPort = false, onlyV6 = false } = {}): number {
  const { family, address } = ipAddress(ip, port)
  const isV6 = family === AF_INET6
  return bound(family, address, fd => {
    setOption(fd, SO_REUSEADDR, true)
    if (sharesPort) setSharesPort(fd, true)
    if (isV6) check('setsockopt', setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, [Number(onlyV6)], 4))
  })
}

/**
 * Binds a unix socket, without listening.
 * @param path  at most as many bytes as the system allows; one that begins with NUL is an abstract name
 */
export function bindUnix(path: string): number {
  return bound(AF_UNIX, unixAddress(path))
}

/**
 * Returns the address of a unix socket.
 * @param path  one that begins with NUL is an abstract name
 * @throws an error with the `code` ENAMETOOLONG
 */
export function unixAddress(path: string): Buffer {
  const name = Buffer.from(path.startsWith('\0') ? path : `${path}\0`)
  const address = Buffer.alloc(2 + name.length)
  if (address.length > SOCKADDR_UN_SIZE)
    throw Object.assign(new Error('unix socket: ENAMETOOLONG'), { code: 'ENAMETOOLONG' })
  if (linux) address.writeUInt16LE(AF_UNIX)
  else address.set([address.length, AF_UNIX])
  name.copy(address, 2)
  return address
}

/** Lets other sockets of this user be bound to the same port, or ends that. */
export function setSharesPort(fd: number, shares: boolean): void {
  setOption(fd, SO_REUSEPORT, shares)
}

/**
 * Keeps new connections from a listening socket, in all processes that share it: the kernel gives them to another
 * socket for their address, or refuses them. Those that wait in its queue stay. On Linux from 5.0 on; elsewhere nothing
 * changes.
 */
export function takeNoMore(fd: number): void {
  if (linux) setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, [NO_INTERFACE], 4)
}

const socketPair = declareCall('int socketpair(int family, int type, int protocol, uint8_t *fds)')
const INT_SIZE = 4

/** Returns the descriptors of two unix sockets that are connected with each other. */
export function connectedPair(): [one: number, other: number] {
  const fds = Buffer.alloc(2 * INT_SIZE)
  check('socketpair', socketPair(AF_UNIX, SOCK_STREAM | (linux ? SOCK_CLOEXEC_NONBLOCK : 0), 0, fds))
  return [fds.readInt32LE(0), fds.readInt32LE(INT_SIZE)]
}

/** What an inherited descriptor is. */
export interface SocketFacts {
  readonly family: 'ip' | 'unix' | 'other'
  readonly isStream: boolean
  readonly isListening: boolean
  /** Of a unix socket: its path, or `@` and its abstract name; empty if it has none. */
  readonly path: string
}

/** Looks at a descriptor. @throws an error with a `code`: EBADF if it is not open, ENOTSOCK if it is no socket */
export function socketFacts(fd: number): SocketFacts {
  const address = Buffer.alloc(SOCKADDR_UN_SIZE)
  const size = Buffer.alloc(4)
  size.writeUInt32LE(address.length)
  check('getsockname', getsockname(fd, address, size))
  const family = linux ? address.readUInt16LE(0) : address.readUInt8(1)
  const name = address.subarray(2, Math.min(size.readUInt32LE(), address.length)).toString()
  return {
    family: family === AF_UNIX ? 'unix' : family === AF_INET || family === AF_INET6 ? 'ip' : 'other',
    isStream: option(fd, SO_TYPE) === SOCK_STREAM,
    isListening: option(fd, SO_ACCEPTCONN) !== 0,
    path: family === AF_UNIX ? name.replace(/^\0/, '@').replace(/\0.*$/s, '') : '',
  }
}

/** The accept queue of a listening TCP socket. */
export interface AcceptQueue {
  /** Connections that wait in it. */
  readonly waiting: number
  /** How many it has room for. */
  readonly limit: number
}

const IPPROTO_TCP = 6
const TCP_INFO = 11
/** Of `tcpi_unacked` and `tcpi_sacked` in Linux' `struct tcp_info`, which have these figures of a listening socket. */
const UNACKED = 24
const SACKED = 28

/** Reads the accept queue of a listening TCP socket. Undefined if the kernel does not tell: Linux only. */
export function acceptQueue(fd: number): AcceptQueue | undefined {
  if (!linux) return undefined
  const info = Buffer.alloc(SACKED + INT_SIZE)
  const size = Buffer.alloc(INT_SIZE)
  size.writeUInt32LE(info.length)
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, size) !== 0 || size.readUInt32LE() < info.length) return undefined
  return { waiting: info.readUInt32LE(UNACKED), limit: info.readUInt32LE(SACKED) }
}

function option(fd: number, name: number): number {
  const value = Buffer.alloc(4)
  const size = Buffer.alloc(4)
  size.writeUInt32LE(value.length)
  check('getsockopt', getsockopt(fd, SOL_SOCKET, name, value, size))
  return value.readInt32LE()
}

function setOption(fd: number, name: number, value: boolean): void {
  check('setsockopt', setsockopt(fd, SOL_SOCKET, name, [Number(value)], 4))
}

function bound(family: number, address: Buffer, prepare?: (fd: number) => void): number {
  const fd = open(family)
  try {
    prepare?.(fd)
    check('bind', bind(fd, address, address.length))
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function open(family: number): number {
  if (linux) return check('socket', socket(family, SOCK_STREAM | SOCK_CLOEXEC_NONBLOCK, 0))
  // Only the duplicate is closed on exec.
  const fd = check('socket', socket(family, SOCK_STREAM, 0))
  try {
    return duplicate(fd)
  } finally {
    closeSync(fd)
  }
}

/** Linux: `struct ucred` has pid, uid and gid (unix(7)). macOS: `struct xucred` has a version and the uid. */
const PEER_CREDENTIALS = linux ? { level: SOL_SOCKET, name: 17, size: 12 } : { level: 0, name: 1, size: 76 }

/** The effective user at the other end of a connection to a unix socket, as of its connect(2); undefined if unknown. */
export function peerUid(fd: number): number | undefined {
  const { level, name, size } = PEER_CREDENTIALS
  const value = Buffer.alloc(size)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(size)
  return getsockopt(fd, level, name, value, length) === 0 ? value.readUInt32LE(4) : undefined
}
