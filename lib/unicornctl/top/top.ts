import type { ServerEvent } from '../../../config/events.js'
import { Client, refusal } from '../client.js'
import type { Call } from '../command.js'
import { Failure, Interrupted } from '../failure.js'
import { eventText } from '../show.js'
import { readStatus } from '../status.js'
import { type Sample, sampleOf, type WorkerSample } from './sample.js'
import { type Key, Screen, type Terminal } from './screen.js'
import { draw, inOrder, type Order, orderAfter, totals, workerTable } from './view.js'

/** Between two looks, in milliseconds. */
const INTERVAL = 1000
/** For an answer to a look, in milliseconds. */
const PATIENCE = 5000
const SIGINT = 2

/** Shows what the workers do: on a terminal until a key ends it, elsewhere as a table each second, or once. */
export async function top(call: Call): Promise<undefined> {
  const { terminal } = call.surroundings
  if (terminal && !call.options.has('once') && !call.options.has('json')) await new Top(call, terminal).run()
  else await tables(call)
}

async function tables({ client, options, surroundings }: Call): Promise<void> {
  // The first look only begins the rates.
  let sample = await look(client, undefined)
  do {
    await client.pause(INTERVAL)
    sample = await look(client, sample)
    const now = Date.now()
    const text = [...totals(sample, now), workerTable(inOrder(sample.workers, 'index'), now), ''].join('\n')
    await surroundings.print(options.has('json') ? `${JSON.stringify(sample)}\n` : text)
  } while (!options.has('once'))
}

async function look(client: Client, before: Sample | undefined): Promise<Sample> {
  return sampleOf(await readStatus(client, { withBuckets: true }), performance.now(), before)
}

/** The live view. */
class Top {
  readonly #path: string
  readonly #signal: AbortSignal
  readonly #terminal: Terminal
  /** Ends the view. */
  readonly #end = new AbortController()
  #sample: Sample | undefined
  #events: readonly string[] = []
  #order: Order = 'index'
  #selected: number | undefined
  #message: string | undefined
  /** The last look has found no server. */
  #isAbsent = false
  #screen: Screen | undefined

  constructor({ client, surroundings }: Call, terminal: Terminal) {
    this.#path = client.path
    this.#signal = AbortSignal.any([surroundings.signal, this.#end.signal])
    this.#terminal = terminal
  }

  /** @throws Failure if there is no server at the first look, or a signal ends it */
  async run(): Promise<void> {
    this.#sample = await look(this.#client(), undefined)
    const screen = new Screen(this.#terminal, { key: key => this.#obey(key), resize: () => this.#draw() })
    this.#screen = screen
    try {
      while (!this.#end.signal.aborted) {
        await this.#refresh()
        this.#draw()
        await new Client(this.#path, this.#signal).pause(INTERVAL)
      }
    } catch (error) {
      if (this.#end.signal.reason !== error) throw error
      if (error instanceof Interrupted) throw error
    } finally {
      this.#screen = undefined
      await screen.close()
    }
  }

  #client(): Client {
    return new Client(this.#path, AbortSignal.any([this.#signal, AbortSignal.timeout(PATIENCE)]))
  }

  /** A server that is gone may come again, so that is shown, and no end. */
  async #refresh(): Promise<void> {
    const client = this.#client()
    try {
      this.#sample = await look(client, this.#sample)
      const lines = String(await client.fetch('GET', '/events')).split('\n')
      this.#events = lines
        .filter(line => line !== '')
        .map(line => eventText(JSON.parse(line) as ServerEvent).split('\n')[0] ?? '')
      if (this.#isAbsent) this.#message = undefined
      this.#isAbsent = false
    } catch (error) {
      if (this.#signal.aborted || !(error instanceof Failure)) throw error
      this.#isAbsent = true
      this.#message = error.message
    }
    if (!this.#workers.some(({ pid }) => pid === this.#selected)) this.#selected = this.#workers[0]?.pid
  }

  /** In the order that is shown. */
  get #workers(): readonly WorkerSample[] {
    return inOrder(this.#sample?.workers ?? [], this.#order)
  }

  #draw(): void {
    if (!this.#screen || !this.#sample) return
    const scene = {
      sample: this.#sample,
      events: this.#events,
      order: this.#order,
      selected: this.#selected,
      message: this.#message,
    }
    this.#screen.show(draw(scene, this.#screen.size))
  }

  #obey(key: Key): void {
    if (!this.#isAbsent) this.#message = undefined
    this.#do[key]()
    this.#draw()
  }

  readonly #do: Readonly<Record<Key, () => void>> = {
    up: () => this.#select(-1),
    down: () => this.#select(1),
    sort: () => {
      this.#order = orderAfter(this.#order)
    },
    retire: () => void this.#give('retire', `/workers/${this.#selected}/retire`),
    reload: () => void this.#give('reload', '/reload?wait'),
    quit: () => this.#end.abort(new Quit()),
    interrupt: () => this.#end.abort(new Interrupted(SIGINT)),
  }

  #select(by: number): void {
    const pids = this.#workers.map(({ pid }) => pid)
    const at = pids.indexOf(this.#selected) + by
    this.#selected = pids[Math.max(0, Math.min(pids.length - 1, at))]
  }

  /** Its outcome is shown when it is known; meanwhile the view goes on. */
  async #give(name: string, target: string): Promise<void> {
    this.#message = `${name}: ...`
    try {
      const { status, said } = await new Client(this.#path, this.#signal).ask('POST', target)
      if (status >= 400) throw refusal(status, said)
      const { result } = Object(said) as { readonly result?: unknown }
      this.#message = `${name}: ${result}`
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#message = `${name}: ${error.message}`
    }
    this.#draw()
  }
}

/** The reason of an end that was asked for by a key. */
class Quit extends Failure {
  constructor() {
    super('quit', 0)
  }
}
