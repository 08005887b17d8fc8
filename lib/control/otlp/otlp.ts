import { randomUUID } from 'node:crypto'
import { Worker as Thread } from 'node:worker_threads'
import type { Resolved } from '../../../config/resolve.js'
import { currentEnvironment } from '../../../config/sources/env.js'
import type { ControlledServer } from '../../arbiter/control.js'
import { toError } from '../../errors.js'
import { packageFile } from '../../sys/package.js'
import { afterStart } from '../after-start.js'
import type { Sending } from '../sending.js'
import { unlessLate } from '../unless-late.js'
import { measuresOf } from './measures.js'
import { optionsIn } from './options.js'
import { wantedPackages } from './packages.js'
import type { FromThread, OtlpData, Reading, ToThread } from './protocol.js'

/** In megabytes. OpenTelemetry's packages need about 10; a small young generation saves 3. */
const MEMORY = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 2 }
/** For how long the end of the server waits until the last figures are sent, in milliseconds. */
const PATIENCE = 2000
/** How many different ones are logged. */
const MOST_NOTICES = 10
const LOST = 'Metrics are not sent by OTLP'

/** Names this arbiter among others of its service. */
const INSTANCE = randomUUID()

/**
 * Sends the server's metrics by OTLP, with the packages that are found from the application's directory, in a thread of
 * its own. What is sent begins at zero, when this does: after an upgrade the new arbiter is an instance of its own.
 */
export class Otlp implements Sending {
  readonly #server: ControlledServer
  readonly #data: OtlpData
  readonly #environment: Readonly<Record<string, string | undefined>>
  readonly #cancel: () => void
  #thread: Thread | undefined
  #onEnded: () => void = () => {}
  #hasComplained = false
  readonly #noticed = new Set<string>()
  isOver = false
  /** What the thread was given last. */
  last: Reading

  /** @param before  has sent this arbiter's metrics until it was closed: its counts go on */
  constructor(server: ControlledServer, { config, variables }: Resolved, before?: Otlp) {
    // Without Node's options, which would load the application's preloads in the thread.
    const { NODE_OPTIONS: _, ...environment } = { ...variables, ...currentEnvironment() }
    this.#environment = environment
    this.#server = server
    this.last = before?.last ?? this.#read()
    this.#data = {
      ...optionsIn(this.#environment, sentence => server.log.warn(sentence)),
      directory: config.chdir,
      version: server.snapshot.version,
      resource: { 'service.name': config.procName, 'service.instance.id': INSTANCE },
      baseline: before ? before.#data.baseline : this.last,
      last: this.last,
    }
    this.#cancel = afterStart(server, () => this.#start())
  }

  /** Sends the last of it, if that is possible soon. */
  async close(): Promise<void> {
    this.#cancel()
    const thread = this.#thread
    if (!thread || this.isOver) return
    const ended = new Promise<void>(resolve => {
      this.#onEnded = resolve
    })
    this.#give(thread, true)
    await unlessLate(ended, PATIENCE)
    this.isOver = true
    await thread.terminate()
  }

  #start(): void {
    const thread = new Thread(packageFile('dist/bin/otlp-thread.cjs'), {
      workerData: this.#data,
      name: 'otlp',
      env: this.#environment,
      argv: [],
      execArgv: [],
      // What is printed there is dropped.
      stdout: true,
      stderr: true,
      resourceLimits: MEMORY,
    })
    thread.stdout.resume()
    thread.stderr.resume()
    const { log } = this.#server
    thread.on('error', error =>
      log.warn({ err: toError(error) }, `${LOST}, until the next reload: the thread has failed`),
    )
    thread.on('exit', () => this.#over())
    // A listener keeps the process alive, so it is let go of last.
    thread.on('message', (message: FromThread) => this.#receive(thread, message)).unref()
    this.#thread = thread
  }

  #receive(thread: Thread, message: FromThread): void {
    const { log } = this.#server
    switch (message.type) {
      case 'collect':
        return this.#give(thread, false)
      case 'started':
        return log.info(`Metrics are sent by OTLP, every ${this.#data.interval} ms, by ${message.exporter}`)
      case 'missing':
        return log.info(`${LOST}, since nothing in ${this.#data.directory} can: npm install ${this.#wanted}`)
      case 'failed':
        return log.warn({ why: message.why }, `${LOST}, until the next reload: OpenTelemetry's packages have failed`)
      case 'sent':
        return this.#sent(message.why)
      case 'notice':
        return this.#notice(message.text)
      case 'ended':
        return this.#over()
    }
  }

  get #wanted(): string {
    return wantedPackages(this.#data.protocol)
  }

  /** Complains once, until it works again: a collector that is away is no reason to fill the log. */
  #sent(why: string | undefined): void {
    if (why !== undefined && !this.#hasComplained) this.#server.log.warn({ why }, 'Metrics cannot be sent by OTLP')
    this.#hasComplained = why !== undefined
  }

  #notice(text: string): void {
    if (this.#noticed.size >= MOST_NOTICES || this.#noticed.has(text)) return
    this.#noticed.add(text)
    this.#server.log.warn(`OpenTelemetry: ${text}`)
  }

  #over(): void {
    this.isOver = true
    this.#onEnded()
  }

  #give(thread: Thread, isLast: boolean): void {
    this.last = this.#read()
    thread.postMessage({ reading: this.last, isLast } satisfies ToThread)
  }

  #read(): Reading {
    return { at: Date.now(), measures: measuresOf(this.#server.snapshot) }
  }
}
