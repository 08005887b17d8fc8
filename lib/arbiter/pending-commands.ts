import type { Counters, Snapshot } from '../../config/hooks.js'
import type { CommandName, CommandOf } from './commands.js'
import type { EventStream } from './events.js'
import { LINES, type OutcomeOf, type Withdrawn } from './outcome.js'

/** A command that was given, until its outcome is known. */
export interface Pending<Name extends CommandName> {
  readonly name: Name
  readonly command: CommandOf<Name>
  /** Never rejects. */
  readonly outcome: Promise<OutcomeOf<Name>>
  /** Records the outcome and answers with it. Only the first call counts. */
  readonly settle: (outcome: OutcomeOf<Name>) => void
  /** Answers with the outcome that another command will have. */
  readonly join: (other: Pending<Name>) => void
}

/** The commands whose outcome is not known yet, and a record of what became of the others. */
export class PendingCommands {
  readonly #events: EventStream
  readonly #pending = new Set<{ name: CommandName; settle: (outcome: Withdrawn) => void }>()
  readonly #counts: Record<string, Record<string, number>> = {}
  readonly #last: Record<string, Snapshot['lastOutcomes'][string]> = {}
  #closed = false

  constructor(events: EventStream) {
    this.#events = events
  }

  get counts(): Counters['outcomes'] {
    return this.#counts
  }

  get last(): Snapshot['lastOutcomes'] {
    return this.#last
  }

  add<Name extends CommandName>(command: CommandOf<Name>): Pending<Name> {
    const name: Name = command.name
    let answer: (outcome: OutcomeOf<Name> | Promise<OutcomeOf<Name>>) => void
    const pending: Pending<Name> = {
      name,
      command,
      outcome: new Promise(resolve => (answer = resolve)),
      settle: outcome => {
        if (!this.#pending.delete(pending)) return
        this.record(name, outcome)
        answer(outcome)
      },
      join: other => {
        if (this.#pending.delete(pending)) answer(other.outcome)
      },
    }
    this.#pending.add(pending)
    if (this.#closed) pending.settle({ result: 'withdrawn' })
    return pending
  }

  /** Tells of an outcome and counts it. `settle` calls it; the arbiter does for one that no command waits for. */
  record<Name extends CommandName>(name: Name, outcome: OutcomeOf<Name>): void {
    const { result } = outcome
    const counts = this.#counts[name]
    this.#counts[name] = { ...counts, [result]: (counts?.[result] ?? 0) + 1 }
    const last = { result, ...('why' in outcome && { why: outcome.why }) }
    this.#last[name] = { ...last, at: Date.now() }
    // Who looks changes nothing, and might look each second.
    if (name !== 'examine') this.#events.emit('outcome', { command: name, ...last }, LINES[name](outcome))
  }

  /** Whether its outcome is not known yet. */
  has<Name extends CommandName>(pending: Pending<Name>): boolean {
    return this.#pending.has(pending)
  }

  /** The server stops: no command but the stop itself can have another outcome. */
  withdraw(): void {
    for (const pending of this.#pending) if (pending.name !== 'stop') pending.settle({ result: 'withdrawn' })
  }

  /** The arbiter ends: all commands that wait, and any that come later, are withdrawn. */
  close(): void {
    this.#closed = true
    for (const pending of this.#pending) pending.settle({ result: 'withdrawn' })
  }
}
