import { errorCode } from '../errors.js'
import { canSendDatagrams, sendDatagram } from '../sys/datagram.js'

/** systemd reads so many bytes of a datagram (PIPE_BUF). */
const LONGEST = 4096
/** How many messages wait for room in systemd's queue at most; the oldest give way. */
const MOST_UNSENT = 100

type Environment = Readonly<Record<string, string | undefined>>

/** Whether systemd, or what acts for it, is told how this process fares. */
export function hasNotifySocket({ NOTIFY_SOCKET }: Environment): boolean {
  return Boolean(NOTIFY_SOCKET) && canSendDatagrams
}

/** Called once, when the first message could not be sent. */
export type OnUnsent = (loss: { path: string; code: string }) => void

interface Message {
  readonly lines: readonly string[]
  readonly fds: readonly number[]
}

/**
 * systemd's end of the service's notifications (sd_notify(3)). Nothing here waits or throws: a socket that nothing
 * reads costs a line of the log. What must arrive is sent again by `flush` until there is room for it.
 */
export class NotifySocket {
  readonly #path: string
  readonly #onUnsent: OnUnsent
  #unsent: Message[] = []
  #isTold = false

  /** @returns undefined if there is no `NOTIFY_SOCKET`, or on a platform that has no systemd */
  static of(env: Environment, onUnsent: OnUnsent = () => {}): NotifySocket | undefined {
    return hasNotifySocket(env) ? new NotifySocket(env.NOTIFY_SOCKET ?? '', onUnsent) : undefined
  }

  private constructor(path: string, onUnsent: OnUnsent) {
    this.#path = path
    this.#onUnsent = onUnsent
  }

  /** Sends lines in one datagram, again at each `flush` if there is no room now. Later messages come after it. */
  send(lines: readonly string[], fds: readonly number[] = []): void {
    this.#unsent.push({ lines, fds })
    this.#unsent = this.#unsent.slice(-MOST_UNSENT)
    this.flush()
  }

  /** Sends lines, unless there is no room now: later they would be out of date. @returns whether they were sent */
  offer(lines: readonly string[]): boolean {
    return this.#unsent.length === 0 && this.#isSent({ lines, fds: [] })
  }

  /** Sends what there was no room for. */
  flush(): void {
    for (let [first] = this.#unsent; first && this.#isSent(first); [first] = this.#unsent) this.#unsent.shift()
  }

  #isSent({ lines, fds }: Message): boolean {
    try {
      sendDatagram(this.#path, fitting(lines), fds)
      return true
    } catch (error) {
      this.#tell(errorCode(error) ?? String(error))
      return false
    }
  }

  #tell(code: string): void {
    if (!this.#isTold) this.#onUnsent({ path: this.#path, code })
    this.#isTold = true
  }
}

/** A line each; the first that is too long is cut, at a character's end. */
function fitting(lines: readonly string[]): string {
  const text = lines.map(line => line.replace(/[\n\0]+/g, ' ')).join('\n')
  if (Buffer.byteLength(text) <= LONGEST) return text
  return Buffer.from(text)
    .subarray(0, LONGEST)
    .toString()
    .replace(/\uFFFD$/, '')
}
