import type { ServerEvent, ServerEvents, ServerEventType } from '../../config/events.js'
import type { Logger } from '../../config/hooks.js'
import { toError } from '../errors.js'
import type { Line } from './outcome.js'

/** How many of the last events are kept, for those who come later. */
const KEPT = 200

type Listener = (event: ServerEvent) => void

/** What the log says of each event; undefined if nothing, or if the line is made from an outcome. */
const LINES: { readonly [Type in ServerEventType]: (event: ServerEvents[Type]) => Line | undefined } = {
  state: () => undefined,
  'worker-ready': ({ worker, pid }) => ['info', { worker, workerPid: pid }, `Worker ready (pid: ${pid})`],
  'worker-exited': ({ worker, pid, reason, expected, ...facts }) => [
    expected ? 'info' : 'error',
    { worker, workerPid: pid, reason, ...facts },
    pid === undefined ? 'Worker could not be started' : `Worker exited (pid: ${pid})`,
  ],
  'worker-hung': ({ worker, pid, requests }) => [
    'error',
    { worker, workerPid: pid, requests },
    `Worker timeout (pid: ${pid})`,
  ],
  // The worker's watchdog has logged it by itself: the arbiter may be gone.
  'hang-report': () => undefined,
  'worker-killed': ({ worker, pid, requests }) => {
    const cut = requests === undefined ? 'its requests are cut' : `requests cut: ${requests} as of its last beat`
    return ['warn', { worker, workerPid: pid, requests }, `Worker killed (pid: ${pid}): it did not end in time, ${cut}`]
  },
  'too-much-memory': ({ worker, pid, rss, maxMemory }) => [
    'warn',
    { worker, workerPid: pid, rss, maxMemory },
    'Worker uses too much memory',
  ],
  'back-off': ({ worker, pause }) => [
    'warn',
    { worker },
    `Crash loop: a worker keeps dying young, the next starts in ${pause} ms`,
  ],
  'reload-began': ({ generation }) => ['info', { generation }, 'Reloading: new workers start beside the old ones'],
  outcome: () => undefined,
  upgraded: () => ['info', {}, 'Upgraded: the arbiter before this one is gone'],
}

/** What happens to a server, as one stream: log lines, subscribers and the hook `onEvent` come from it. */
export class EventStream {
  readonly #log: Logger
  readonly #recent: ServerEvent[] = []
  readonly #listeners = new Set<Listener>()
  #id = 0

  constructor(log: Logger) {
    this.#log = log
  }

  /** The last ones, oldest first. */
  get recent(): readonly ServerEvent[] {
    return this.#recent
  }

  /** Tells of a change. @param line  of the log, if the table has none */
  emit<Type extends ServerEventType>(type: Type, facts: ServerEvents[Type], line = LINES[type](facts)): void {
    if (line) {
      const [level, fields, message] = line
      this.#log[level](fields, message)
    }
    // The compiler loses that `type` and `facts` belong together.
    const event = Object.freeze({ type, ...facts, id: ++this.#id, at: Date.now() }) as unknown as ServerEvent
    this.#recent.push(event)
    if (this.#recent.length > KEPT) this.#recent.shift()
    for (const listener of this.#listeners) this.#tell(listener, event)
  }

  /** Calls `listener` with each event from now on. @returns what ends that */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What a listener throws is its own fault, and stops no other listener. */
  #tell(listener: Listener, event: ServerEvent): void {
    try {
      listener(event)
    } catch (error) {
      this.#log.error({ err: toError(error) }, 'A listener of events failed')
    }
  }
}
