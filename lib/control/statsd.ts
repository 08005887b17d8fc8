import { createSocket, type Socket } from 'node:dgram'
import type { Snapshot } from '../../config/hooks.js'
import type { Config } from '../../config/settings.js'
import type { ControlledServer } from '../arbiter/control.js'
import { errorCode } from '../errors.js'
import { sendDatagram } from '../sys/datagram.js'
import { countOf, increase, lowerBound, type SparseCounts } from '../sys/histogram.js'
import { familyOf } from '../sys/ip-family.js'
import type { Sending } from './sending.js'
import { unlessLate } from './unless-late.js'

/** How often figures are sent, in milliseconds: workers report as often. */
const PAUSE = 1000
/** For how long the last ones may wait for the address of a name, in milliseconds. */
const PATIENCE = 1000
/** Bytes of a datagram that no network on the way splits. */
const LARGEST = 1400
/** How many durations are sent each time; of more, a share, with the rate that says so. */
const MOST_DURATIONS = 200

type StatsdConfig = Pick<Config, 'statsdHost' | 'statsdPrefix' | 'dogstatsdTags'>

/**
 * Sends what requests did to statsd or dogstatsd, by Gunicorn's names. Gunicorn sends datagrams for each request; here
 * the arbiter sends once a second what is new, so requests cost nothing.
 */
export class Statsd implements Sending {
  readonly #server: ControlledServer
  readonly #send: (datagram: string) => void
  readonly #prefix: string
  readonly #tags: string
  readonly #timer: NodeJS.Timeout
  readonly #socket: Socket | undefined
  #last: Snapshot['counters']
  /** Whether this server has served. Until then a predecessor may go on, which tells all of it. */
  #isProven = false
  #hasComplained = false
  #underWay = 0
  #onSent: () => void = () => {}

  /** @param before  has sent this server's figures until it was closed: what came after that is new */
  constructor(
    server: ControlledServer,
    { statsdHost: address, statsdPrefix: prefix = '', dogstatsdTags = [] }: StatsdConfig,
    before?: Statsd,
  ) {
    this.#server = server
    this.#last = before ? before.#last : server.snapshot.counters
    this.#prefix = prefix === '' || prefix.endsWith('.') ? prefix : `${prefix}.`
    this.#tags = dogstatsdTags.length > 0 ? `|#${dogstatsdTags.join(',')}` : ''
    if (address?.kind === 'udp') {
      const { host, port } = address
      const socket = createSocket(familyOf(host) === 'ipv6' ? 'udp6' : 'udp4').unref()
      socket.on('error', error => this.#complain(error))
      this.#socket = socket
      this.#send = datagram => {
        this.#underWay++
        socket.send(datagram, port, host, error => {
          this.#underWay--
          if (error) this.#complain(error)
          if (this.#underWay === 0) this.#onSent()
        })
      }
    } else {
      this.#send = datagram => address && sendDatagram(address.path, datagram)
    }
    this.#timer = setInterval(() => this.report(), PAUSE).unref()
  }

  /** Sends the last of it. A socket that is closed drops what waits for the address of a name. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.report()
    if (this.#underWay > 0) await unlessLate(new Promise<void>(resolve => (this.#onSent = resolve)), PATIENCE)
    this.#socket?.close()
  }

  report(): void {
    const { counters, ready, state } = this.#server.snapshot
    this.#isProven ||= state === 'running' || state === 'reloading'
    if (!this.#isProven && this.#server.isServedByOther) return
    const lines = [...linesOf(this.#last, counters), `gunicorn.workers:${ready}|g`]
    this.#last = counters
    try {
      for (const datagram of joined(lines.map(line => `${this.#prefix}${line}${this.#tags}`))) this.#send(datagram)
      this.#hasComplained = false
    } catch (error) {
      this.#complain(error)
    }
  }

  /** Once, until it works again: a daemon that is away is no reason to fill the log. */
  #complain(error: unknown): void {
    if (this.#hasComplained) return
    this.#hasComplained = true
    this.#server.log.warn({ code: errorCode(error) }, 'Figures cannot be sent to statsdHost')
  }
}

type Counters = Snapshot['counters']

/** What is new since the last time. */
function linesOf(before: Counters, now: Counters): string[] {
  const requests = now.requests - before.requests
  const statuses = increase(before.statuses, now.statuses).filter(([status]) => status > 0)
  return [
    ...(requests > 0 ? [`gunicorn.requests:${requests}|c`] : []),
    ...statuses.map(([status, count]) => `gunicorn.request.status.${status}:${count}|c`),
    ...durations(increase(before.latency.buckets, now.latency.buckets)),
  ]
}

/** Each as it was, within 4 %, if there are not too many. */
function durations(buckets: SparseCounts): string[] {
  const rate = Math.min(1, MOST_DURATIONS / Math.max(1, countOf(buckets)))
  const suffix = rate < 1 ? `|ms|@${rate.toPrecision(3)}` : '|ms'
  let owed = 0
  return buckets.flatMap(([bucket, count]) => {
    owed += count * rate
    const times = Math.floor(owed + 1e-9)
    owed -= times
    const middle = (lowerBound(bucket) + lowerBound(bucket + 1)) / 2
    return Array.from({ length: times }, () => `gunicorn.request.duration:${Number(middle.toPrecision(4))}${suffix}`)
  })
}

/** Joins lines to datagrams. */
function joined(lines: readonly string[]): string[] {
  const datagrams: string[] = []
  let datagram = ''
  for (const line of lines) {
    if (datagram !== '' && datagram.length + line.length + 1 > LARGEST) {
      datagrams.push(datagram)
      datagram = ''
    }
    datagram += datagram === '' ? line : `\n${line}`
  }
  return datagram === '' ? datagrams : [...datagrams, datagram]
}
