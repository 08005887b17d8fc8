import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import type { KoffiFunc } from 'koffi'
import { UnicornError } from '../errors.js'

/**
 * The few calls of the C library that Node does not offer. Symbols are looked up in the running process, so glibc, musl
 * and macOS need no different code. None of these calls blocks.
 */
const require = createRequire(import.meta.url)

const linux = process.platform === 'linux'
const F_DUPFD_CLOEXEC = linux ? 1030 : 67
const F_SETFD = 2
const FD_CLOEXEC = 1
const IPPROTO_TCP = 6
const TCP_NODELAY = 1
const POLLIN = 1
const POLLOUT = 4
const POLLERR = 8
const POLLHUP = 16
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const P_ALL = 0
const WNOHANG = 1
const WEXITED = 4
const WNOWAIT = 0x0100_0000
/** The offset of `si_pid` in Linux' 64-bit `siginfo_t`, and the size of that structure, in bytes. */
const SI_PID = 16
const SIGINFO_SIZE = 128

type Call<Result = number> = KoffiFunc<(...args: unknown[]) => Result>

interface Libc {
  errno(): number
  fcntl: Call
  listen: Call
  setsockopt: Call
  accept4: Call | undefined
  poll: Call
  waitid: Call
  waitpid: Call
}

/** A variadic call takes koffi three times as long. Only Apple's arm64 passes such arguments in a way of their own. */
const FCNTL = linux ? 'int fcntl(int fd, int command, int argument)' : 'int fcntl(int fd, int command, ...)'
const ARGUMENT = linux ? [0] : ['int', 0]

let loaded: Libc | undefined

function libc(): Libc {
  loaded ??= load()
  return loaded
}

function load(): Libc {
  try {
    const koffi = requireKoffi()
    const lib = koffi.load(null)
    return {
      errno: () => koffi.errno(),
      fcntl: lib.func(FCNTL),
      accept4: linux ? lib.func('int accept4(int fd, void *address, void *size, int flags)') : undefined,
      listen: lib.func('int listen(int fd, int backlog)'),
      setsockopt: lib.func('int setsockopt(int fd, int level, int name, const int *value, uint32_t size)'),
      poll: lib.func('int poll(uint8_t *fds, unsigned long count, int timeout)'),
      waitid: lib.func('int waitid(int type, uint32_t id, uint8_t *info, int options)'),
      waitpid: lib.func('int waitpid(int pid, int *status, int options)'),
    }
  } catch (error) {
    throw new UnicornError(
      `unicorn calls the C library through koffi, which does not load on ${process.platform} ${process.arch}`,
      { found: `${process.platform} ${process.arch}`, wanted: 'Linux (glibc or musl) or macOS on x64 or arm64', error },
    )
  }
}

/**
 * Loads koffi's native module from where npm puts it for glibc and macOS. If none is there (pnpm) or it does not load
 * (musl), koffi's own entry searches for it, which takes 5 ms in each process.
 */
function requireKoffi(): typeof import('koffi') {
  const { platform, arch } = process
  try {
    return require(`@koromix/koffi-${platform}-${arch}/${platform}_${arch}/koffi.node`)
  } catch {
    return require('koffi')
  }
}

/** Loads the calls, so that a UnicornError for a platform without koffi comes once and before anything is bound. */
export function requireLibc(): void {
  libc()
}

/** @throws an error with a `code`, such as EADDRINUSE, if `result` says that the call has failed */
export function check(call: string, result: number): number {
  if (result !== -1) return result
  const code = getSystemErrorName(-libc().errno())
  throw Object.assign(new Error(`${call}: ${code}`), { code, syscall: call })
}

/** Declares another call of the C library, or of libuv, by its C prototype. It is looked up when it is first used. */
export function declareCall<Result = number>(prototype: string): (...args: unknown[]) => Result {
  let call: Call<Result> | undefined
  return (...args) => {
    call ??= requireKoffi().load(null).func(prototype) as Call<Result>
    return call(...args)
  }
}

/** The address of a function of the C library, for a call that takes one. */
export function addressOf(name: string): bigint {
  return requireKoffi().load(null).symbol(name)
}

/** Copies bytes from an address that a call has returned. */
export function readMemory(address: bigint, size: number): Buffer {
  return Buffer.from(requireKoffi().view(address, size).slice(0))
}

/** Reads the text at whose pointer an address points, up to its NUL. */
export function readText(address: bigint): string {
  return String(requireKoffi().decode(address, 'const char *'))
}

/** Where the bytes of a buffer lie in memory. They stay there as long as the buffer is referenced. */
export function addressOfBuffer(buffer: Buffer): bigint {
  return requireKoffi().address(buffer)
}

/** Makes the kernel queue connections on a bound socket. Throws an error with a `code`, such as EADDRINUSE. */
export function listen(fd: number, backlog: number): void {
  check('listen', libc().listen(fd, backlog))
}

/** Returns a second descriptor, closed on exec: else every child of the application would keep the port in use. */
export function duplicate(fd: number): number {
  return check('fcntl', libc().fcntl(fd, F_DUPFD_CLOEXEC, ...ARGUMENT))
}

/** Closes a descriptor on exec, so that no process that this one starts has it by accident. */
export function closeOnExec(fd: number): void {
  check('fcntl', libc().fcntl(fd, F_SETFD, ...(linux ? [FD_CLOEXEC] : ['int', FD_CLOEXEC])))
}

/** Makes the kernel send small writes at once. Set on a listening socket, since accepted sockets inherit it. */
export function setNoDelay(fd: number): void {
  check('setsockopt', libc().setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, [1], 4))
}

/** Accepts one connection. Returns undefined if none waits, or if this platform has no accept4(2). */
export function acceptNow(fd: number): number | undefined {
  const client = libc().accept4?.(fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC) ?? -1
  return client < 0 ? undefined : client
}

/** Returns whether a connection waits in the accept queue of this listening socket. */
export function hasPending(fd: number): boolean {
  return isReady(fd, POLLIN)
}

/** Returns whether a write of at most PIPE_BUF bytes to this pipe or terminal would not wait, or would fail at once. */
export function isWritable(fd: number): boolean {
  return isReady(fd, POLLOUT | POLLERR | POLLHUP)
}

/** Of a connection that is closed: the kernel knows nothing of it, so the answer to each question is false. */
export const NO_DESCRIPTOR = -1

/** Returns whether this connection was reset, or closed by the other end for good. Linux only; elsewhere false. */
export function hasHungUp(fd = NO_DESCRIPTOR): boolean {
  return linux && isReady(fd, POLLERR | POLLHUP)
}

function isReady(fd: number, events: number): boolean {
  const pollfd = Buffer.alloc(8)
  pollfd.writeInt32LE(fd, 0)
  pollfd.writeInt16LE(events, 4)
  return poll(pollfd) > 0 && (pollfd.readInt16LE(6) & events) !== 0
}

/** A signal may interrupt it, though it does not wait; then it is called again. */
function poll(pollfd: Buffer): number {
  const ready = libc().poll(pollfd, 1, 0)
  return ready === -1 && libc().errno() === constants.errno.EINTR ? poll(pollfd) : check('poll', ready)
}

/** Returns the pid of a child that has ended and was not reaped yet, or undefined. Does not reap it. Linux only. */
export function peekEndedChild(): number | undefined {
  if (!linux) return undefined
  const info = Buffer.alloc(SIGINFO_SIZE)
  if (libc().waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT) === -1) return undefined
  return info.readInt32LE(SI_PID) || undefined
}

/** Reaps one ended child; its exit status is dropped. */
export function reapChild(pid: number): void {
  libc().waitpid(pid, null, WNOHANG)
}
