import { check, declareCall } from './libc.js'

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
