import t from 'tap'
import { isMet, report } from '../soak/report.js'
import type { Scale } from '../soak/scenario.js'
import { clients } from '../soak/scenarios/clients.js'
import { kills } from '../soak/scenarios/kills.js'
import { maxRequests } from '../soak/scenarios/max-requests.js'
import { ttinTtou } from '../soak/scenarios/more-and-less.js'
import { hupAll, hupBroken, hupRolling } from '../soak/scenarios/reloads.js'
import { upgrades } from '../soak/scenarios/upgrades.js'

/** The short form of `npm run soak`, with nothing in it that depends on how fast this machine is. */
const SCALE: Omit<Scale, 'signal'> = {
  workers: 2,
  rate: 150,
  seconds: 1,
  quietSeconds: 0.1,
  times: 2,
  upgrades: 1,
  cycles: 0,
  clientSeconds: 3,
}

const SCENARIOS = [hupAll, hupRolling, hupBroken, ttinTtou, upgrades, maxRequests, kills]

for (const scenario of [...SCENARIOS, clients('native'), clients('node')]) {
  t.test(`${scenario.name}: no request fails`, async t => {
    const outcome = await scenario.run({ ...SCALE, signal: new AbortController().signal })
    const result = { scenario, outcome }
    t.ok(outcome.requests > 0, `${outcome.requests} requests, ${outcome.did}`)
    t.ok(isMet(result), `\n${report([result])}`)
  })
}
