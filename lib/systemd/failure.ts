import { constants } from 'node:os'
import { errorCode, UnicornError } from '../errors.js'
import { NotifySocket } from './notify-socket.js'

/**
 * Tells systemd why a server does not start, so that `systemctl status` has it. A successor's failure concerns its
 * predecessor, and systemd does not listen to it.
 */
export function tellFailure(env: Readonly<Record<string, string | undefined>>, error: Error): void {
  if (env.UNICORN_PID !== undefined) return
  const code = errorCode(error instanceof UnicornError ? error.cause.error : error)
  const errno = Object.entries(constants.errno).find(([name]) => name === code)?.[1]
  NotifySocket.of(env)?.send([...(errno === undefined ? [] : [`ERRNO=${errno}`]), `STATUS=${error.message}`])
}
