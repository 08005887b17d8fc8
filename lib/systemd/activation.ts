import { UnicornError } from '../errors.js'
import { closeOnExec } from '../sys/libc.js'
import { socketFacts } from '../sys/socket-calls.js'
import { addressOfStored } from './stored-sockets.js'

type Environment = Readonly<Record<string, string | undefined>>

/** The first descriptor that systemd passes (SD_LISTEN_FDS_START). */
const FIRST = 3

/** A listening socket that systemd has bound. */
export interface ActivatedSocket {
  readonly fd: number
  /** FileDescriptorName= of the socket unit; by default the unit's name. */
  readonly name: string
}

/** A socket that an earlier start of this service has left with systemd. */
export interface RestoredSocket {
  readonly fd: number
  /** As configured then. */
  readonly address: string
  readonly name: string
}

/** What systemd has passed to this process (sd_listen_fds(3)). */
export interface Activation {
  readonly sockets: readonly ActivatedSocket[]
  readonly restored: readonly RestoredSocket[]
  /** What is wrong with it, in a sentence for the log, if it is meant for another process. */
  readonly note?: string
}

/** Nothing was passed. */
export const NO_ACTIVATION: Activation = { sockets: [], restored: [] }

/**
 * Reads `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES`, and keeps the descriptors from every process that this one
 * starts by accident.
 * @param predecessor  the arbiter that has passed on what was meant for it
 * @throws UnicornError that says what the variables claim, and what is there
 */
export function activationOf(env: Environment, predecessor = env.UNICORN_PID): Activation {
  const { LISTEN_FDS, LISTEN_PID } = env
  if (LISTEN_FDS === undefined || LISTEN_FDS === '' || LISTEN_FDS === '0') return NO_ACTIVATION
  if (LISTEN_PID !== String(process.pid) && (LISTEN_PID === undefined || LISTEN_PID !== predecessor)) {
    const whose = LISTEN_PID === undefined ? 'no process, as there is no LISTEN_PID' : `process ${LISTEN_PID}`
    const note = `LISTEN_FDS is not used: it is meant for ${whose}, and this is ${process.pid}. Let the unit start unicorn itself, with no shell and no npm between`
    return { ...NO_ACTIVATION, note }
  }
  const names = namesOf(env, countOf(LISTEN_FDS))
  const passed = names.map((name, place) => ({ fd: FIRST + place, name }))
  for (const socket of passed) check(socket)
  const restored = passed.flatMap(({ fd, name }) => {
    const address = addressOfStored(name)
    return address === undefined ? [] : { fd, name, address }
  })
  return { sockets: passed.filter(({ name }) => addressOfStored(name) === undefined), restored }
}

function countOf(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text)
  throw refused(`LISTEN_FDS: found ${JSON.stringify(text)}, wanted the number of descriptors from ${FIRST} on`)
}

function namesOf({ LISTEN_FDNAMES }: Environment, count: number): string[] {
  const names =
    LISTEN_FDNAMES === undefined ? Array.from({ length: count }, () => 'unknown') : LISTEN_FDNAMES.split(':')
  if (names.length === count) return names
  throw refused(
    `LISTEN_FDNAMES: found ${names.length} names (${LISTEN_FDNAMES}), wanted one for each of LISTEN_FDS=${count}`,
  )
}

function check({ fd, name }: ActivatedSocket): void {
  const found = fault(fd)
  if (found === undefined) return closeOnExec(fd)
  throw refused(`LISTEN_FDS: descriptor ${fd} (${name}) ${found}, wanted a stream socket that listens`)
}

/** What is wrong with it; undefined if nothing is. */
function fault(fd: number): string | undefined {
  try {
    const { family, isStream, isListening } = socketFacts(fd)
    if (family === 'other') return 'is neither of IP nor a unix socket'
    if (!isStream) return 'is no stream socket (ListenDatagram= or ListenSequentialPacket=)'
    return isListening ? undefined : 'does not listen (Accept=yes)'
  } catch {
    return 'is no open socket'
  }
}

function refused(message: string): UnicornError {
  return new UnicornError(message, {
    where: 'LISTEN_FDS',
    wanted: 'what systemd passes to a service (sd_listen_fds(3))',
  })
}
