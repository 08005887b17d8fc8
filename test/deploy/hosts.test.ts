import t from 'tap'
import { Balancer } from '../hosts/balancer.js'
import { Host } from '../hosts/host.js'
import { makeNetwork } from '../hosts/network.js'
import { type Outcome, stepsOf, take } from '../hosts/steps.js'
import { table } from '../hosts/table.js'

// Hosts in network namespaces behind a real HAProxy. `npm run hosts` has it all happen HOSTS_ROUNDS times, with more
// workers and clients, and prints what came of it.

const ROUNDS = Number(process.env.HOSTS_ROUNDS ?? 0)
const isLong = ROUNDS > 0
const HOSTS = 3

/** The short form waits for HAProxy, and not for a time that a busy machine may exceed. */
const PLAN = isLong ? { workers: 2, drainDelay: '10s' } : { workers: 1, drainDelay: '10m' }
const SCENE = isLong ? { concurrency: 16, rounds: 1 } : { concurrency: 4, rounds: 1 }

if (isLong) t.setTimeout(0)

t.test('hosts that are reloaded, upgraded, restarted, killed and cut off, one after the other', async t => {
  const { edge, hosts: places } = makeNetwork(t, HOSTS)
  const hosts = await Promise.all(places.map((place, i) => Host.start(t, `shop${i + 1}`, place, PLAN)))
  const balancer = await Balancer.start(t, edge)
  for (const { name } of hosts) await balancer.sees(name, 'UP')
  const outcomes: Outcome[] = []
  const round = stepsOf({ endsDelay: !isLong })
  for (const step of Array.from({ length: isLong ? ROUNDS : 1 }, () => round).flat()) {
    const some = isLong || !step.isSlow ? hosts : hosts.slice(0, 1)
    const outcome = await take(t, step, { balancer, hosts: some, ...SCENE })
    outcomes.push(outcome)
    t.same(outcome.failures, [], `${step.name}: no request fails but those on a host that is lost`)
  }
  const requests = outcomes.map(outcome => outcome.requests)
  t.ok(Math.min(...requests) >= SCENE.concurrency, `requests: ${requests}`)
  if (isLong) process.stdout.write(`\n${table(outcomes)}\n`)
})
