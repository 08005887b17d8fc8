import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../../../config/hooks.js'
import { LOOPBACK, takeOneConnection } from '../../listeners/one-connection.js'
import type { ClientHandle } from '../../listeners/server-handle.js'
import type { Worker } from '../worker.js'

/** The pause between two requests, and how long one may take, in milliseconds. */
const PAUSE = 100
const LONGEST = 5000

/**
 * Asks the application in this very process for a path until it answers with 2xx. The requests do not come by the
 * server's sockets, where workers that are ready would answer, but by a port of this process that takes one connection.
 */
export class ReadyPath {
  readonly #path: string
  #last = 'there was no answer'

  constructor(path: string) {
    this.#path = path
  }

  /** What came last, for the log. */
  get last(): string {
    return this.#last
  }

  async wait(worker: Worker, log: Logger): Promise<void> {
    for (let isFirst = true; ; isFirst = false) {
      const status = await ask(this.#path, client => worker.take(client))
      if (status !== undefined && status >= 200 && status < 300) return
      this.#last = status === undefined ? 'there was no answer' : `the last status was ${status}`
      if (isFirst) log.info(`Application loaded, the worker waits for 2xx at ${this.#path}: ${this.#last}`)
      await sleep(PAUSE)
    }
  }
}

/** @param take  serves the connection. @returns the status, or undefined if none came */
function ask(path: string, take: (client: ClientHandle) => void): Promise<number | undefined> {
  const { port } = takeOneConnection(take)
  return new Promise(resolve => {
    let text = ''
    const socket = connect(port, LOOPBACK)
    socket.setEncoding('latin1').setTimeout(LONGEST, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => resolve(undefined))
    socket.on('data', part => {
      text += String(part)
      // Not the status of `103 Early Hints`.
      const status = /(?:^|\r\n\r\n)HTTP\/1\.1 ([2-5]\d\d)[ \r]/.exec(text)?.[1]
      if (status === undefined) return
      resolve(Number(status))
      socket.destroy()
    })
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: unicorn\r\nConnection: close\r\n\r\n`)
  })
}
