import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import { root } from './root.js'
import { until } from './until.js'

/** A datagram of sd_notify(3). */
export interface Notification {
  readonly lines: readonly string[]
  /** How many descriptors came along. */
  readonly fds: number
  /** Of the sender. */
  readonly pid: number
}

/** What systemd is for a service that notifies: a datagram socket. Node has none, Python does. */
export class NotifyReceiver {
  readonly received: Notification[] = []
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** @param path  of the socket; one that begins with `@` is an abstract name */
  static async listen(t: Test, path: string): Promise<NotifyReceiver> {
    const script = `${root}test/fixtures/systemd/receive.py`
    const child = spawn('python3', [script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    const receiver = new NotifyReceiver(child)
    atEnd(t, async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    })
    createInterface({ input: child.stdout }).on('line', line => receiver.received.push(JSON.parse(line)))
    await receiver.got('bound')
    return receiver
  }

  /** Reads nothing until `go`: soon there is no room for more datagrams. */
  stop(): void {
    this.#child.kill('SIGSTOP')
  }

  go(): void {
    this.#child.kill('SIGCONT')
  }

  /** All lines but those that come at any time: figures, the watchdog, time limits. */
  get changes(): string[] {
    return this.lines.filter(line => !/^(STATUS|WATCHDOG|EXTEND_TIMEOUT_USEC|MONOTONIC_USEC)=|^bound$/.test(line))
  }

  get lines(): string[] {
    return this.received.flatMap(({ lines }) => lines)
  }

  /** Waits until a line has come, or so many of them. */
  async got(line: string | RegExp, count = 1): Promise<string> {
    const fits = (each: string): boolean => (typeof line === 'string' ? each === line : line.test(each))
    await until(`datagram ${line}, got ${JSON.stringify(this.lines)}`, () => this.lines.filter(fits).length >= count)
    return this.lines.findLast(fits) ?? ''
  }
}
