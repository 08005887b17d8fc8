import { setTimeout as sleep } from 'node:timers/promises'
import type { ExitReason, ProcessFigures } from '../../../config/hooks.js'
import { Channel, type ChannelOwner } from '../../gateway/python/channel.js'
import type { Call } from '../../gateway/python/job.js'
import { now } from '../../sys/clock.js'
import { Dump } from './dump.js'
import { EventLoop } from './event-loop.js'
import { handshake, type Message } from './handshake.js'
import { type OutputRecorder, recordOutput } from './output.js'
import type { PythonSettings } from './python-settings.js'
import { type Ending, isMeantForGroup, type Running, type Thread } from './running.js'

/** The server stops quickly: hooks may run. INT and QUIT come from a terminal too, for the whole group. */
const QUIT_SIGNAL = process.platform === 'linux' ? 41 : 'SIGUSR1'
/** How long a hook, what a process writes at last, and its end after its channels may take, in milliseconds. */
const HOOK_TIME = 500
const LAST_PAUSE = 50
const EXIT_PAUSE = 1000

/** What a process tells its pool. */
export interface ProcessEvents {
  /** The channel has a complete answer: it can take a request more, unless that takes long to end. */
  answered(process: PythonProcess, channel: Channel): void
  /** A request of the channel has ended. @param isLast  the application has asked for the end of the process */
  idle(process: PythonProcess, channel: Channel, isLast: boolean): void
  /** A channel was lost, and not because the process has ended. */
  broken(process: PythonProcess): void
  /** The process could take no channel more for a call. */
  refused(call: Call): void
  message(process: PythonProcess, message: Message): void
}

/** What its pool decides about a process. */
interface ProcessOptions extends Pick<PythonProcess, 'index' | 'age' | 'lastRequest'> {
  readonly settings: PythonSettings
  readonly events: ProcessEvents
}

/**
 * One Python process, with its channels, in one of these states:
 *
 *     starting   it imports the application
 *     serving    it takes requests
 *     leaving    it takes no more, and ends when it has answered those that it has
 *     killed     KILL is on its way
 *     gone
 */
export class PythonProcess implements ChannelOwner {
  /** The lowest number that was free: its replacement takes it over. */
  readonly index: number
  /** Grows with each process of this front, as Gunicorn's `worker.age`. */
  readonly age: number
  readonly since = now()
  readonly channels: Channel[]
  /** If the application is one for ASGI: it takes more requests than there are channels at first. */
  loop: EventLoop | undefined
  /** Resolves when it can serve; rejects with a UnicornError if it cannot. */
  readonly ready: Promise<void>
  /** Resolves when it is gone, and what it wrote at last is here. */
  readonly gone: Promise<Ending>
  state: ProcessFigures['state'] = 'starting'
  /** Requests that it has been given, and after how many of them it is replaced. */
  requests = 0
  readonly lastRequest: number
  wantsReplacement = false
  /** When its state has lasted too long, by the clock of this process, in milliseconds. */
  deadline = Number.POSITIVE_INFINITY
  /** How many looks in a row found more memory than `maxMemory`. */
  fatSamples = 0
  /** Those of its first channels. */
  threads: readonly Thread[] = []
  /** It had to be killed, since it did not end in time. */
  wasLate = false
  /** Channels whose request runs for too long. Their threads cannot be stopped but with the process. */
  readonly hung = new Set<Channel>()
  #reason: ExitReason | undefined
  readonly #running: Running
  readonly #events: ProcessEvents
  readonly #hooks: readonly string[]
  /** What it writes of its stacks, and of its crash. */
  readonly dump: Dump
  #output: readonly OutputRecorder[] = []

  constructor(running: Running, { index, age, lastRequest, settings, events }: ProcessOptions) {
    this.index = index
    this.age = age
    this.lastRequest = lastRequest
    this.#running = running
    this.#hooks = settings.hooks?.names ?? []
    void running.known.then(pid => {
      if (running.output) this.#output = recordOutput(running.output, settings.output, pid)
    })
    this.dump = new Dump(running)
    this.#events = events
    this.channels = running.channels.map(socket => new Channel(socket, this))
    this.gone = this.#awaitEnd()
    const hear = (message: Message): void =>
      message.type === 'pong' ? this.loop?.answered() : events.message(this, message)
    this.ready = handshake(running, settings, { gone: this.gone, dump: this.dump, hear }).then(
      async ({ threads, address }) => {
        // A process may be ready before the fork server says that it has forked it.
        await Promise.race([running.known, this.gone])
        this.threads = threads
        const { workerConnections } = settings
        if (address !== undefined) this.loop = new EventLoop(running.control, address, workerConnections)
        if (this.state === 'starting') this.state = 'serving'
      },
    )
    // Those that wait for it are told; none has to wait.
    this.ready.catch(() => {})
  }

  /** 0 as long as it is not known, or if the process could not be started. */
  get pid(): number {
    return this.#running.pid
  }

  /** Resolves with its pid when that is known; never if it could not be started. */
  get known(): Promise<number> {
    return this.#running.known
  }

  /** Why it goes: the first cause. */
  get reason(): ExitReason | undefined {
    return this.#reason
  }

  because(reason: ExitReason): void {
    this.#reason ??= reason
  }

  /** It was ended by a signal that a service manager, say, has sent to the whole group. */
  endedByOther = false

  /** How many of its threads have a request. */
  get busy(): number {
    return this.channels.filter(({ job }) => job).length
  }

  /** Whether it can take one more request. */
  get hasRoom(): boolean {
    if (this.loop) return this.busy < this.loop.limit
    return this.channels.some(({ isFree }) => isFree)
  }

  /** A channel for one more request, if there is room for that. */
  get freeChannel(): Channel | undefined {
    const free = this.channels.find(({ isFree }) => isFree)
    if (free || !this.loop) return free
    const channel = new Channel(this.loop.open(), this)
    this.channels.push(channel)
    return channel
  }

  /** Whether it counts towards the number of processes: it serves, or will, and needs no replacement. */
  get isHolder(): boolean {
    return (this.state === 'starting' || this.state === 'serving') && !this.wantsReplacement
  }

  /** Takes no more requests, and ends when it has answered those that it has. @param within  milliseconds */
  leave(within = Number.POSITIVE_INFINITY): void {
    if (this.state === 'starting') return this.kill()
    if (this.state !== 'serving') return
    this.state = 'leaving'
    this.deadline = now() + within
    for (const channel of this.channels) {
      if (channel.job) channel.job.leaves?.()
      else channel.shutDown()
    }
  }

  /** Its clients are gone, by which requests on a loop end: lets it end, and waits for that, but not for long. */
  async leaveWithin(time: number): Promise<void> {
    this.leave()
    await Promise.race([this.gone, sleep(time)])
  }

  /** Lets it end, if it has nothing to do. Kills it if it has, after its hooks, or after so many milliseconds. */
  async endWithin(time: number): Promise<void> {
    if (await this.runHook('worker_int')) return this.kill()
    if (this.state !== 'serving' || this.busy > 0) return this.kill()
    this.leave()
    const timer = setTimeout(() => this.kill(), time)
    await this.gone
    clearTimeout(timer)
  }

  /** Lets it run a hook of its end, and waits for that, but not for long. @returns whether it has such a hook */
  async runHook(name: 'worker_abort' | 'worker_int'): Promise<boolean> {
    const hasHook = [name, 'worker_exit'].some(each => this.#hooks.includes(each))
    if (!hasHook || this.state === 'gone' || this.state === 'starting') return false
    this.#running.kill(name === 'worker_abort' ? 'SIGABRT' : QUIT_SIGNAL)
    await Promise.race([this.gone, sleep(HOOK_TIME)])
    return true
  }

  kill(): void {
    if (this.state === 'gone') return
    this.state = 'killed'
    this.#running.kill('SIGKILL')
  }

  /** The Python stacks of its threads, or of its crash. @param thread  the one that matters most */
  async stacks(thread?: Thread): Promise<string> {
    return this.state === 'gone' ? this.dump.text : this.dump.ask(thread)
  }

  async #awaitEnd(): Promise<Ending> {
    let ending: Ending = { exitCode: null, signal: null }
    try {
      ending = await this.#running.ended
      this.endedByOther = isMeantForGroup(ending)
      // What it wrote at last has arrived, unless it left children behind that hold the sockets.
      const closed = [this.dump, ...this.channels, ...this.#output].map(each => each.closed)
      await Promise.race([Promise.all(closed), sleep(LAST_PAUSE)])
      for (const recorder of this.#output) recorder.flush()
    } catch {
      // It could not be started: `ready` tells why.
    }
    this.state = 'gone'
    return ending
  }

  answered(channel: Channel): void {
    this.#events.answered(this, channel)
  }

  idle(channel: Channel, isLast: boolean): void {
    this.#events.idle(this, channel, isLast)
  }

  /** Most often the process ends just now. If not, the application has closed or used descriptors that are not its. */
  broken(channel: Channel): void {
    if (this.state === 'gone' || (this.state === 'leaving' && channel.job === undefined)) return
    if (channel.isStillborn) return this.#giveUp(channel)
    void Promise.race([this.gone, sleep(EXIT_PAUSE)]).then(() => {
      if (this.state !== 'gone' && !this.hung.has(channel)) this.#events.broken(this)
    })
  }

  #giveUp(channel: Channel): void {
    this.channels.splice(this.channels.indexOf(channel), 1)
    const { lost, unread = lost } = channel.destroy()
    if (unread) this.#events.refused(unread)
  }
}
