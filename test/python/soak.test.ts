import t from 'tap'
import { isMet, report } from '../soak/report.js'
import { python } from '../soak/scenarios/python.js'

/** The short form of the part of `npm run soak` that is about Python. */
const SCALE = {
  workers: 2,
  rate: 100,
  seconds: 1,
  quietSeconds: 0.1,
  times: 2,
  upgrades: 1,
  cycles: 0,
  clientSeconds: 0,
}

/** What a fork server is no part of is soaked without one. */
const SCENARIOS = [...python('plain').slice(0, 2), ...python('preload').slice(2)]

for (const scenario of SCENARIOS) {
  t.test(`${scenario.name}: no request fails, and no process is left`, async t => {
    const outcome = await scenario.run({ ...SCALE, signal: new AbortController().signal })
    const result = { scenario, outcome }
    t.ok(outcome.requests > 0, `${outcome.requests} requests, ${outcome.did}`)
    t.ok(isMet(result), `\n${report([result])}`)
  })
}
