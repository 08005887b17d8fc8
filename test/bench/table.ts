import { pairwise, type Summary, summarize } from './statistics.js'

/** Whoever is measured. */
export interface Lane {
  readonly name: string
  readonly ours: boolean
}

/** One figure of several contestants, round by round. */
export class Table {
  readonly #rounds = new Map<Lane, number[]>()

  add(contestant: Lane, figure: number): void {
    const rounds = this.#rounds.get(contestant)
    if (rounds) rounds.push(figure)
    else this.#rounds.set(contestant, [figure])
  }

  /** @throws Error where it never took part */
  of(contestant: Lane): readonly number[] {
    const rounds = this.#rounds.get(contestant)
    if (!rounds) throw new Error(`${contestant.name} was not measured`)
    return rounds
  }

  get contestants(): Lane[] {
    return [...this.#rounds.keys()]
  }

  summary(contestant: Lane): Summary {
    return summarize(this.of(contestant))
  }

  /** Of the ratios of each round. */
  ratio(contestant: Lane, to: Lane): Summary {
    return summarize(pairwise(this.of(contestant), this.of(to)))
  }

  /** Of the differences of each round. */
  difference(contestant: Lane, to: Lane): Summary {
    return summarize(pairwise(this.of(contestant), this.of(to), (a, b) => a - b))
  }
}
