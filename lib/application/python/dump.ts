import { setTimeout as sleep } from 'node:timers/promises'
import { now } from '../../sys/clock.js'
import type { Running, Thread } from './running.js'

/** A real-time signal, at which Python writes its stacks to the dump: USR1, USR2 and ABRT may be the application's. */
const DUMP_SIGNAL = process.platform === 'linux' ? 40 : 'SIGUSR2'
/** At this one a thread writes its own stack alone; only Linux delivers it to a certain thread. */
const STACK_SIGNAL = process.platform === 'linux' ? 42 : undefined
/** How long the stacks may take, in milliseconds, and after which silence they are complete. */
const DUMP_TIME = 2000
const DUMP_PAUSE = 50

/** What a process writes of its stacks, when it is asked or when it crashes. */
export class Dump {
  readonly #running: Running
  #text = ''
  /** One is asked at a time. */
  #asked: Promise<unknown> = Promise.resolve()
  /** Before that, the signal would end the process. */
  #canAsk = false
  /** Resolves when nothing else can come. */
  readonly closed: Promise<unknown>

  constructor(running: Running) {
    this.#running = running
    running.dump.on('error', () => {})
    running.dump.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text
    })
    this.closed = new Promise(done => running.dump.once('close', done))
  }

  /** What it has written without being asked, as it crashed. */
  get text(): string {
    return this.#text
  }

  /** The process heeds the signal from now on. */
  begin(): void {
    this.#canAsk = true
  }

  /**
   * The Python stacks of its threads, none if Python has not begun. Works while C code holds the interpreter, too.
   * @param thread  the one that matters most: its stack is waited for
   */
  ask(thread?: Thread): Promise<string> {
    const isThere = (): boolean => (thread?.asked === null ? hasStack(this.#text, thread.ident) : this.#text !== '')
    return this.#inTurn(DUMP_SIGNAL, thread?.asked ?? undefined, isThere)
  }

  /** The stack of one thread, which goes on: to read those of others while they run may crash Python. */
  askOne(thread: Thread): Promise<string> {
    if (STACK_SIGNAL === undefined) return this.ask(thread)
    return this.#inTurn(STACK_SIGNAL, thread.id, () => this.#text !== '')
  }

  #inTurn(signal: NodeJS.Signals | number, thread: number | undefined, isThere: () => boolean): Promise<string> {
    const answer = this.#asked.then(() => this.#answerTo(signal, thread, isThere))
    this.#asked = answer
    return answer
  }

  async #answerTo(
    signal: NodeJS.Signals | number,
    thread: number | undefined,
    isThere: () => boolean,
  ): Promise<string> {
    if (!this.#canAsk) return ''
    this.#text = ''
    this.#running.kill(signal, thread)
    const limit = now() + DUMP_TIME
    let size = -1
    while (now() < limit && size !== this.#text.length) {
      if (isThere()) size = this.#text.length
      await sleep(DUMP_PAUSE)
    }
    const text = this.#text
    this.#text = ''
    return text
  }
}

/** Whether the innermost line of a thread is there, behind its heading. */
function hasStack(text: string, ident: string): boolean {
  return new RegExp(`0x0*${ident}\\b.*\\n +File .*\\n`).test(text)
}
