import t from 'tap'
import { CLASSES, SAME } from './fuzz/differences.js'
import { fuzz } from './fuzz/fuzz.js'

/** The same cases in each run of the suite. Others, and as many as one likes: `npm run fuzz:http`. */
const CASES = Number(process.env.HTTP_FUZZ_CASES ?? 30_000)
const SEED = Number(process.env.HTTP_FUZZ_SEED ?? 1)

// Milliseconds; a case takes less than one.
t.setTimeout(60_000 + CASES * 2)

t.test(`${CASES} random connections, read by our parser, whole and in pieces, and by llhttp`, async t => {
  const found = fuzz(SEED, CASES)
  for (const [name, { count }] of found) t.comment(`${count} ${name}`)
  const unknown = [...found].filter(([name]) => name !== SAME && !Object.hasOwn(CLASSES, name))
  t.same(unknown, [], `HTTP_FUZZ_SEED=${SEED}`)
  t.ok((found.get(SAME)?.count ?? 0) > CASES / 2, 'most are read in the same way')
})
