import { errorCode, UnicornError } from '../../errors.js'
import { becomeAccount } from '../../sys/accounts.js'
import type { Boot } from '../protocol.js'

/**
 * Runs as another user from now on, if the arbiter says so: before the log is opened and any code of the user's runs.
 * @returns why not
 */
export function takeAccount({ account }: Boot<unknown>): UnicornError | undefined {
  if (!account) return undefined
  try {
    becomeAccount(account)
    return undefined
  } catch (error) {
    const { uid, gid } = account
    const why = 'in a container, it needs the capabilities CAP_SETUID and CAP_SETGID'
    const message = `this worker cannot become user ${uid} with group ${gid} (${errorCode(error) ?? String(error)}): ${why}`
    return new UnicornError(message, { found: errorCode(error), where: '--user, --group', error }, 3)
  }
}
