import { statOfDescriptor } from '../sys/stat.js'

/** Priorities of sd-daemon(3), by pino's levels. */
const PRIORITIES: Readonly<Record<string, number>> = { trace: 7, debug: 7, info: 6, warn: 4, error: 3, fatal: 2 }

/**
 * Whether a descriptor leads to systemd's journal: `JOURNAL_STREAM` has its device and inode (systemd.exec(5)). A child
 * whose output was redirected has the variable too.
 */
export function isJournal(fd: number): boolean {
  const stream = process.env.JOURNAL_STREAM
  if (stream === undefined) return false
  try {
    const { dev, ino } = statOfDescriptor(fd)
    return stream === `${dev}:${ino}`
  } catch {
    return false // not open
  }
}

/** What a thread needs in its environment, so that it knows the journal too. */
export function journalEnvironment(): Record<string, string> {
  const { JOURNAL_STREAM } = process.env
  return JOURNAL_STREAM === undefined ? {} : { JOURNAL_STREAM }
}

/** Puts the priority of a level before each line of a text, which the journal takes off and keeps. */
export function withPriority(text: string, level: string): string {
  return text.replace(/^(?=.)/gm, `<${PRIORITIES[level] ?? 6}>`)
}
