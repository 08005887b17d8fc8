import type { Random } from '../../gateway/fuzz/random.js'
import { CASES } from '../../policy/tables.js'
import { OWN_CASES } from '../native/cases.js'
import { mutate } from './mutate.js'

/** Longer ones would take all the time. */
const LONGEST_SEED = 1000

const [first = '', ...others] = [...CASES.plain, ...OWN_CASES]
  .map(({ bytes }) => bytes)
  .filter(bytes => bytes.length <= LONGEST_SEED)
const SEEDS = [first, ...others] as const

/** What a client sends on a connection: some cases of the tests in a row, with some of their bytes changed. */
export function randomConnection(random: Random): string {
  return mutate(random, Array.from({ length: random.whole(1, 3) }, () => random.pick(SEEDS)).join(''))
}
