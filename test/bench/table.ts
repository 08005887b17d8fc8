import type { Contestant } from './contestants.js'
import { pairwise, type Summary, summarize } from './statistics.js'

/** One figure of several contestants, round by round. */
export class Table {
  readonly #rounds = new Map<Contestant, number[]>()

  add(contestant: Contestant, figure: number): void {
    const rounds = this.#rounds.get(contestant)
    if (rounds) rounds.push(figure)
    else this.#rounds.set(contestant, [figure])
  }

  /** @throws Error where it never took part */
  of(contestant: Contestant): readonly number[] {
    const rounds = this.#rounds.get(contestant)
    if (!rounds) throw new Error(`${contestant.name} was not measured`)
    return rounds
  }

  get contestants(): Contestant[] {
    return [...this.#rounds.keys()]
  }

  summary(contestant: Contestant): Summary {
    return summarize(this.of(contestant))
  }

  /** Of the ratios of each round. */
  ratio(contestant: Contestant, to: Contestant): Summary {
    return summarize(pairwise(this.of(contestant), this.of(to)))
  }

  /** Of the differences of each round. */
  difference(contestant: Contestant, to: Contestant): Summary {
    return summarize(pairwise(this.of(contestant), this.of(to), (a, b) => a - b))
  }
}
