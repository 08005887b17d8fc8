import t from 'tap'
import { episode } from '../chaos/episode.js'
import { quickSteps } from '../chaos/steps.js'
import { isMet, report } from '../soak/report.js'

/** The short form of `npm run chaos`: each of the quick steps once, in the order of this seed. */
const SEED = 7
const SCALE = {
  workers: 2,
  rate: 50,
  quietSeconds: 0.1,
  seconds: 0,
  times: 0,
  upgrades: 0,
  cycles: 0,
  clientSeconds: 0,
}

t.test('whatever happens to a server costs no request but what a killed worker held', async t => {
  const scenario = episode(SEED, quickSteps, quickSteps.length)
  const outcome = await scenario.run({ ...SCALE, signal: new AbortController().signal })
  t.ok(outcome.requests > 0, `${outcome.requests} requests, ${outcome.did}`)
  t.ok(isMet({ scenario, outcome }), `\n${report([{ scenario, outcome }])}`)
})
