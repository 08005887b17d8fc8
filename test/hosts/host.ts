import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { messages } from '../helpers/messages.js'
import { childrenOf, gone, isRunning } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'
import type { Place } from './network.js'

export interface Plan {
  readonly workers: number
  /** As `--drain-delay` has it. */
  readonly drainDelay: string
}

/** Answers after up to 20 ms with what it was sent, so that there is always something in flight. */
const APP = `
import { setTimeout as pause } from 'node:timers/promises'
export async function application(environ, startResponse) {
  const body = environ.REQUEST_METHOD === 'POST' ? await environ['wsgi.input'].read() : environ.PATH_INFO
  await pause(Math.random() * 20)
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return [body]
}
`

/** One host: a server in a network namespace. */
export class Host {
  readonly name: string
  readonly #t: Test
  readonly #place: Place
  readonly #plan: Plan
  #server: Server
  /** Another process than the server's first after an upgrade. */
  #arbiter: number

  private constructor(t: Test, name: string, place: Place, plan: Plan, server: Server) {
    this.name = name
    this.#t = t
    this.#place = place
    this.#plan = plan
    this.#server = server
    this.#arbiter = server.pid
  }

  static async start(t: Test, name: string, place: Place, plan: Plan): Promise<Host> {
    const host = new Host(t, name, place, plan, await serve(t, place, plan))
    host.#quitAtEnd()
    return host
  }

  /** HUP, until the old workers are gone. */
  async reload(): Promise<void> {
    const old = childrenOf(this.#arbiter)
    const after = this.#server.lines.at(-1)
    process.kill(this.#arbiter, 'SIGHUP')
    await this.#server.log(messages.reloaded, after && { after })
    await gone(...old)
  }

  /** USR2 once, until the old arbiter is gone. */
  async upgrade(): Promise<void> {
    if (this.#arbiter !== this.#server.pid) throw new Error(`${this.name} was upgraded before`)
    const after = this.#server.lines.at(-1)
    const successor = await startUpgrade(this.#t, this.#server)
    const count = this.#plan.workers
    await this.#server.log(({ msg, pid }) => messages.ready.test(msg) && pid === successor, { count })
    await stopArbiter(this.#arbiter)
    await this.#server.log(messages.upgraded, after && { after })
    this.#arbiter = successor
  }

  /** TERM. With a `drainDelay` it goes on serving, and says that it is not ready. */
  async announceStop(): Promise<void> {
    process.kill(this.#arbiter, 'SIGTERM')
    await this.#server.log(/^Shutting down in /)
  }

  /** TERM again, which ends the `drainDelay`. */
  endDelay(): void {
    process.kill(this.#arbiter, 'SIGTERM')
  }

  async ended(): Promise<void> {
    await gone(this.#arbiter)
    await this.#server.ended()
  }

  /** KILL to all of its processes at one moment: the arbiter stands still, so that it neither logs nor replaces. */
  async kill(): Promise<void> {
    process.kill(this.#arbiter, 'SIGSTOP')
    for (const pid of childrenOf(this.#arbiter)) process.kill(pid, 'SIGKILL')
    process.kill(this.#arbiter, 'SIGKILL')
    await this.ended()
  }

  /** The network to it is gone; it runs on. */
  cutOff(): void {
    this.#place.cutOff()
  }

  reconnect(): void {
    this.#place.reconnect()
  }

  /** A new start, after a stop or a kill. */
  async start(): Promise<void> {
    this.#server = await serve(this.#t, this.#place, this.#plan)
    this.#arbiter = this.#server.pid
    this.#quitAtEnd()
  }

  /** At once, without a `drainDelay`. */
  #quitAtEnd(): void {
    const server = this.#server
    atEnd(this.#t, () => {
      if (server === this.#server && isRunning(this.#arbiter)) process.kill(this.#arbiter, 'SIGINT')
    })
  }
}

function serve(t: Test, { address, through }: Place, { workers, drainDelay }: Plan): Promise<Server> {
  const metrics = ['--metrics-bind', `${address}:9100`, '--drain-delay', drainDelay]
  const args = [...metrics, '--keep-alive', '75s', '--forwarded-allow-ips', '10.0.0.1']
  const cwd = shortDir(t)
  writeFileSync(join(cwd, 'app.mjs'), APP)
  return startServer(t, { cwd, bind: `${address}:8000`, workers, args, through })
}
