import { spawnSync } from 'node:child_process'
import { unicornBin } from '../../helpers/root.js'
import { appsDirectory } from '../contestants.js'
import type { Measure } from '../measure.js'
import { USUAL } from '../peers/races.js'
import { PortServer } from '../port-server.js'
import { type Goal, type Racer, raceOf } from '../race.js'

const CONNECTIONS = 64

interface Lane extends Racer {
  command(port: number): string[]
}

type Kind = 'nginx' | 'haproxy' | 'send-proxy-v2'

function behind(kind: Kind, name: string, ...command: readonly string[]): Lane {
  const words = [process.execPath, `${appsDirectory}behind.js`, kind]
  return { name, ours: command.includes(unicornBin), command: port => [...words, String(port), ...command] }
}

/** @param bind  an address @param more  options */
function ours(bind: string, gateway: 'wsgi' | 'node', ...more: readonly string[]): string[] {
  const app = `${appsDirectory}hello.js:${gateway === 'wsgi' ? 'application' : 'handler'}`
  return [process.execPath, unicornBin, '--interface', gateway, '--keep-alive', '75s', '--bind', bind, ...more, app]
}

const atSocket = (gateway: 'wsgi' | 'node', ...more: readonly string[]): string[] => {
  return ours('unix:SOCKET', gateway, ...more)
}

const bare = behind(
  'nginx',
  'bare node:http',
  process.execPath,
  `${appsDirectory}bare.js`,
  'none',
  'hello',
  '1',
  'SOCKET',
)
const wsgi = behind('nginx', 'wsgi', ...atSocket('wsgi'))
const node = behind('nginx', 'node', ...atSocket('node'))

const plain = behind('haproxy', 'without PROXY', ...atSocket('wsgi'))
const proxied = behind('send-proxy-v2', 'PROXY v2', ...atSocket('wsgi', '--proxy-protocol', 'v2'))

const direct = (name: string, trusted: string): Lane => ({
  name,
  ours: true,
  command: port => ours(`127.0.0.1:${port}`, 'wsgi', '--forwarded-allow-ips', trusted),
})
const strangers = direct('not trusted', '192.0.2.1')
const trusted = direct('trusted', '127.0.0.1')

interface ProxyRace {
  readonly name: string
  readonly title: string
  readonly about: string
  readonly lanes: readonly Lane[]
  readonly against: Lane
  readonly goals: readonly Goal[]
  readonly fields?: readonly string[]
  /** A new connection for each request. */
  readonly fresh?: boolean
  readonly needs?: string
  /** The CPU time of this program is not counted. */
  readonly inFront?: string
}

const RACES: readonly ProxyRace[] = [
  {
    name: 'nginx',
    title: 'Behind nginx, by a unix socket',
    about: 'the CPU time is that of both',
    lanes: [wsgi, node, bare],
    against: bare,
    goals: [wsgi, node].map(lane => ({ lane, figure: 'rate', target: { atLeast: 0.95 } })),
    needs: 'nginx',
  },
  {
    name: 'proxy-headers',
    title: 'Requests with X-Forwarded-For and X-Forwarded-Proto',
    about: 'of a peer that is trusted, and of one that is not',
    lanes: [trusted, strangers],
    against: strangers,
    goals: [{ lane: trusted, figure: 'cpu', target: { atMost: 1.03 } }],
    fields: ['X-Forwarded-For: 203.0.113.9', 'X-Forwarded-Proto: http'],
  },
  {
    name: 'proxy-protocol',
    title: 'Behind HAProxy, which passes on connections',
    about: 'with a PROXY header, and without; the CPU time is that of the server alone',
    lanes: [proxied, plain],
    against: plain,
    goals: [{ lane: proxied, figure: 'cpu', target: { atMost: 1.03 } }],
    needs: 'haproxy',
    inFront: 'haproxy',
  },
  {
    name: 'proxy-connections',
    title: 'Behind HAProxy, a connection for each request',
    about: 'with a PROXY header on each, and without; the CPU time is that of the server alone',
    lanes: [proxied, plain],
    against: plain,
    goals: [],
    fresh: true,
    needs: 'haproxy',
    inFront: 'haproxy',
  },
]

/** What proxies in front cost. */
export const proxies: readonly Measure[] = RACES.map(
  ({ about, against, lanes, needs, inFront, fields = [], ...race }) => ({
    ...raceOf<Lane>({
      ...race,
      method: `wrk, 1 thread, ${CONNECTIONS} connections, one worker, "Hello, world!": ${about}.`,
      path: '/',
      connections: CONNECTIONS,
      fields: [...USUAL, ...fields],
      warmUp: 20_000,
      lanes: () => lanes,
      against: { name: against.name, lanes: [against] },
      start: ({ signal }, { name, command }) =>
        PortServer.start({ name, command, cwd: appsDirectory, ...(inFront && { inFront }) }, signal),
    }),
    lacks: () => (needs === undefined || spawnSync(needs, ['-v']).status === 0 ? undefined : needs),
  }),
)
