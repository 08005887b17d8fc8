import { declareCall, readMemory, readText, requireLibc } from './libc.js'

declare global {
  namespace NodeJS {
    interface Process {
      /** As Node's documentation has it; the types of Node 20 lack it. */
      initgroups?(user: string, extraGroup: number): void
    }
  }
}

/** A user of this machine. */
export interface User {
  readonly name: string
  readonly uid: number
  /** The user's own group. */
  readonly gid: number
}

/** `struct passwd` and `struct group` begin with two pointers, name and password, on every 64-bit system. */
const ID = 16
const SECOND_ID = 20
const SIZE = 24
/** PR_SET_DUMPABLE of prctl(2). */
const PR_SET_DUMPABLE = 4

const getpwnam = declareCall<bigint | null>('void *getpwnam(const char *name)')
const getpwuid = declareCall<bigint | null>('void *getpwuid(uint32_t uid)')
const getgrnam = declareCall<bigint | null>('void *getgrnam(const char *name)')
const prctl = declareCall('int prctl(int option, unsigned long argument)')

/** Returns the user with a name, or with a number in decimal digits; undefined if there is none. */
export function findUser(text: string): User | undefined {
  const found = /^\d+$/.test(text) ? getpwuid(Number(text)) : getpwnam(text)
  if (!found) return undefined
  const fields = readMemory(found, SIZE)
  return { name: readText(found), uid: fields.readUInt32LE(ID), gid: fields.readUInt32LE(SECOND_ID) }
}

/** Returns the number of the group with a name, or the number that the text is; undefined if there is none. */
export function findGroup(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text)
  const found = getgrnam(text)
  return found ? readMemory(found, SIZE).readUInt32LE(ID) : undefined
}

/** As what a worker runs. */
export interface Account {
  readonly uid: number
  readonly gid: number
  /** The user whose supplementary groups it has too; if absent, it has none. */
  readonly groupsOf?: string
}

/**
 * Gives up what this process may do as root, for good. The process stays readable for itself in /proc, which the kernel
 * ends at a change of user.
 * @throws an error with a `code`: EPERM in a container that lacks CAP_SETUID or CAP_SETGID
 */
export function becomeAccount({ uid, gid, groupsOf }: Account): void {
  requireLibc() // as root, who can read it wherever it lies
  if (groupsOf === undefined) process.setgroups?.([gid])
  else process.initgroups?.(groupsOf, gid)
  process.setgid?.(gid)
  if (process.getuid?.() !== uid) process.setuid?.(uid)
  if (process.platform === 'linux') prctl(PR_SET_DUMPABLE, 1)
}
