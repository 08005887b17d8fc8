import { lookup } from 'node:dns'
import { closeSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { errorCode, toError } from '../errors.js'
import { sendDatagram, udpSocket } from '../sys/datagram.js'
import { sendNow } from '../sys/socket-calls.js'
import { FACILITIES, type Facility, type SyslogAddress, syslogAddressText } from './syslog-address.js'

/** The settings that it needs. */
export interface SyslogSettings {
  readonly syslog: boolean
  readonly syslogAddr: SyslogAddress
  readonly syslogPrefix: string | undefined
  readonly syslogFacility: Facility
  readonly procName: string
}

export interface SyslogOptions extends SyslogSettings {
  /** Stands behind the program's name: `unicorn.shop.error`. */
  readonly log: 'error' | 'access'
  /** Called once: a line could not be sent. */
  readonly onFailure: (problem: Error) => void
}

/** The severities of pino's levels (RFC 5424, table 2). */
const SEVERITIES: Readonly<Record<string, number>> = { trace: 7, debug: 7, info: 6, warn: 4, error: 3, fatal: 2 }
const INFO = 6

/** What rsyslog takes of a message unless it is told otherwise, in bytes. */
const LONGEST = 8096
/** How many messages wait until the host's name is resolved. */
const MOST_WAITING = 200
const LOCALHOST = '127.0.0.1'

/**
 * Sends lines to a syslog daemon, one datagram each, without ever waiting: a line for which there is no room, or no
 * daemon, is not sent, and stands in the log all the same. Over UDP they are as in RFC 5424, to a unix socket as
 * syslog(3) writes them, which all readers of `/dev/log` know.
 */
export class Syslog {
  readonly #options: SyslogOptions
  readonly #name: string
  readonly #facility: number
  #send: ((message: string) => void) | undefined
  readonly #waiting: string[] = []
  #fd: number | undefined
  #hasFailed = false

  constructor(options: SyslogOptions) {
    const { syslogPrefix, procName, log, syslogFacility, syslogAddr } = options
    this.#options = options
    this.#name = `unicorn.${syslogPrefix ?? procName}.${log}`.replace(/[^\w.-]/g, '.').slice(0, 48)
    this.#facility = FACILITIES[syslogFacility] * 8
    if (syslogAddr.kind === 'unix') this.#send = message => sendDatagram(syslogAddr.path, message)
    else if (syslogAddr.host === 'localhost') this.#open(LOCALHOST)
    else if (isIP(syslogAddr.host)) this.#open(syslogAddr.host)
    else this.#resolve(syslogAddr.host)
  }

  /** @param lines  text with one line feed behind each line @param level  pino's name */
  write(lines: string, level = 'info'): void {
    const priority = this.#facility + (SEVERITIES[level] ?? INFO)
    for (const line of lines.split('\n')) if (line !== '') this.#pass(this.#messageOf(priority, line))
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
    this.#send = () => {}
  }

  #messageOf(priority: number, line: string): string {
    const text = line.length > LONGEST ? line.slice(0, LONGEST) : line
    if (this.#options.syslogAddr.kind === 'unix') {
      return `<${priority}>${localTime(new Date())} ${this.#name}[${process.pid}]: ${text}`
    }
    return `<${priority}>1 ${new Date().toISOString()} ${hostname() || '-'} ${this.#name} ${process.pid} - - ${text}`
  }

  #pass(message: string): void {
    if (this.#send) return this.#attempt(this.#send, message)
    if (!this.#hasFailed && this.#waiting.length < MOST_WAITING) this.#waiting.push(message)
  }

  #attempt(send: (message: string) => void, message: string): void {
    try {
      send(message)
    } catch (error) {
      this.#failed(error)
    }
  }

  #resolve(host: string): void {
    lookup(host, (error, address) => {
      if (error) return this.#failed(error)
      this.#open(address)
      for (const message of this.#waiting.splice(0)) this.#pass(message)
    })
  }

  #open(ip: string): void {
    const { syslogAddr } = this.#options
    if (syslogAddr.kind !== 'udp') return
    try {
      const fd = udpSocket(ip, syslogAddr.port)
      this.#fd = fd
      this.#send = message => sendAgain(fd, Buffer.from(message))
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(thrown: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#waiting.length = 0
    const error = toError(thrown)
    const where = syslogAddressText(this.#options.syslogAddr)
    const message = `Lines do not reach syslog at ${where} (--log-syslog-to): ${errorCode(error) ?? error.message}`
    this.#options.onFailure(new Error(message, { cause: error }))
  }
}

/** @param onFailure  is called once, when a line could not be sent @returns undefined without the setting `syslog` */
export function openSyslog(
  { syslog = false, syslogAddr, syslogPrefix, syslogFacility = 'user', procName = '' }: Partial<SyslogSettings>,
  log: 'error' | 'access',
  onFailure: (problem: Error) => void,
): Syslog | undefined {
  if (!syslog || !syslogAddr) return undefined
  return new Syslog({ syslog, syslogAddr, syslogPrefix, syslogFacility, procName, log, onFailure })
}

/** Whether nothing is there, which all processes of a server find. A queue may be full, or access denied, for one. */
export function isAbsence({ cause }: Error): boolean {
  return ['ENOENT', 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].includes(errorCode(cause) ?? '')
}

/** What the kernel says is of the message before: that it was refused. The next one may arrive. */
function sendAgain(fd: number, message: Buffer): void {
  try {
    sendNow(fd, message)
  } catch (error) {
    sendNow(fd, message)
    throw error
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** As RFC 3164, section 4.1.2, wants it: `Nov  9 07:05:01`. */
function localTime(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = String(date.getDate()).padStart(2)
  return `${MONTHS[date.getMonth()]} ${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
