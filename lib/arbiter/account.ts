import type { Config } from '../../config/settings.js'
import { UnicornError } from '../errors.js'
import { type Account, findGroup, findUser } from '../sys/accounts.js'

/**
 * As what the workers run, by `user`, `group` and `initgroups`. Without a group it is the user's own. The arbiter stays
 * what it is: it binds the ports.
 * @returns undefined if they run as the arbiter does
 * @throws UnicornError if there is no such account, or if this process may not change to it
 */
export function accountOf({
  user: userText,
  group: groupText,
  initgroups,
}: Pick<Config, 'user' | 'group' | 'initgroups'>): Account | undefined {
  if (userText === undefined && groupText === undefined) return undefined
  const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
  const user = userText === undefined ? undefined : findUser(userText)
  const uid = user?.uid ?? numberIn(userText) ?? own.uid
  const gid = groupText === undefined ? (user?.gid ?? ownGroup(uid, own)) : findGroup(groupText)
  if (gid === undefined) throw refused(`group: found no group ${groupText}`, groupText)
  if (uid === own.uid && gid === own.gid) return undefined
  if (own.uid !== 0) {
    const who = [userText && `user ${userText}`, groupText && `group ${groupText}`].filter(Boolean).join(' and ')
    throw refused(
      `the workers cannot run as ${who}: only root may change that, and this process has uid ${own.uid}`,
      who,
    )
  }
  if (!initgroups) return { uid, gid }
  if (!user) throw refused(`initgroups: found no user ${userText ?? 'at all'}, whose groups these could be`, userText)
  return { uid, gid, groupsOf: user.name }
}

function ownGroup(uid: number, own: { uid: number; gid: number }): number {
  if (uid === own.uid) return own.gid
  throw refused(`user: ${uid} is no user of this machine, so that it has no group: wanted --group too`, uid)
}

/** @throws UnicornError if it is a name: its user is gone by now, or cannot be looked up */
function numberIn(text: string | undefined): number | undefined {
  if (text === undefined || /^\d+$/.test(text)) return text === undefined ? undefined : Number(text)
  throw refused(`user: found no user ${text}`, text)
}

function refused(message: string, found: unknown): UnicornError {
  return new UnicornError(message, { found, wanted: 'an account of this machine', where: 'user, group' })
}
