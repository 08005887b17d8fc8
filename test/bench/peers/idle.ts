import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { chartOf } from '../chart.js'
import { judge, spread, type Unit, written } from '../finding.js'
import type { Bench, Measure } from '../measure.js'
import { ALONE } from '../measures/units.js'
import type { PortServer } from '../port-server.js'
import { rotated } from '../statistics.js'
import { Table } from '../table.js'
import * as contestants from './contestants.js'
import type { Peers } from './peers.js'
import { USUAL } from './races.js'

const CONNECTIONS = 10_000
const WARM_UP = 3000
/** How many are opened at the same time. */
const AT_ONCE = 200
/** A round takes six minutes, and memory differs little from one to the next. */
const ROUNDS = 1
/** V8 gives back what its young generation has grown to when it had little to do for 8 to 16 s; in seconds. */
const REST = 30
/** Room for what else has descriptors in a process. */
const SPARE = 500

const { wsgiNative, wsgiNode, fetchNative, schedNone, nginx, bun } = contestants
/** Ours has a limit of connections, and closes idle ones soon. */
const PATIENT = ['--worker-connections', String(CONNECTIONS + SPARE), '--keep-alive', '180s']
const native = patient(wsgiNative)
const LANES = [native, patient(wsgiNode), patient(fetchNative), schedNone, nginx, bun]
const REQUEST = `GET / HTTP/1.1\r\nHost: bench\r\n${USUAL.map(field => `${field}\r\n`).join('')}\r\n`
const kilobytes: Unit = { digits: 1, name: 'KB' }

export function idle(peers: Peers): Measure {
  return {
    name: 'idle',
    title: 'Memory of an idle connection',
    method:
      `Resident memory of all processes of a server with one worker, before and after ${CONNECTIONS.toLocaleString('en-US')} connections are ` +
      `opened that each have one request with 5 usual header fields and then stay; ${WARM_UP.toLocaleString('en-US')} others came and went before. ` +
      `Each figure is the least within ${REST} s without requests. ` +
      `The difference is divided by the number of connections (1 KB is 1,000 bytes). One round.`,
    async run(bench) {
      requireDescriptors()
      const table = new Table()
      const lanes = peers.present(LANES)
      const rounds = Math.min(bench.rounds, ROUNDS)
      for (let round = 0; round < rounds; round++) {
        bench.say(`round ${round + 1} of ${rounds}`)
        for (const lane of rotated(lanes, round)) table.add(lane, (await bytesEach(bench, peers, lane)) / 1000)
      }
      return {
        findings: lanes.map(lane => {
          const summary = table.summary(lane)
          const finding = {
            what: `idle: ${lane.name}`,
            figure: written(summary, kilobytes),
            comparison: spread(summary),
          }
          return lane === native ? { ...finding, ...judge(summary, { atMost: 2 }, 'KB') } : finding
        }),
        chart: chartOf('Memory of an idle connection, in KB (less is better)', table),
      }
    },
  }
}

function patient(lane: contestants.Contestant): contestants.Contestant {
  return { ...lane, command: wanted => [...lane.command(wanted), ...PATIENT] }
}

/** Servers inherit the limit of this process. */
function requireDescriptors(): void {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  if (limit === undefined || Number(limit) >= CONNECTIONS + SPARE) return
  throw new Error(`${CONNECTIONS} connections need \`ulimit -n ${CONNECTIONS + SPARE}\` or more; it is ${limit}`)
}

async function bytesEach(bench: Bench, peers: Peers, lane: contestants.Contestant): Promise<number> {
  const server = await peers.start(bench, lane, { app: 'hello', workers: ALONE })
  const sockets: Socket[] = []
  try {
    closeAll(await openMany(server.port, WARM_UP))
    const before = await leastMemory(server)
    sockets.push(...(await openMany(server.port, CONNECTIONS)))
    const after = await leastMemory(server)
    const gone = sockets.filter(socket => socket.closed).length
    if (gone > 0) throw new Error(`${lane.name} closed ${gone} of ${CONNECTIONS} connections`)
    return ((after - before) * 1e6) / CONNECTIONS
  } finally {
    closeAll(sockets)
    await server.stop()
  }
}

/** Of all processes of a server at rest, in MB. */
async function leastMemory(server: PortServer): Promise<number> {
  let least = server.rss
  for (let second = 0; second < REST; second++) {
    await pause(1000)
    least = Math.min(least, server.rss)
  }
  return least
}

async function openMany(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  for (let left = count; left > 0; left -= AT_ONCE) {
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, () => opened(port)))))
  }
  return sockets
}

/** @returns a connection whose one request was answered */
function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST))
    socket.once('data', () => resolve(socket)).on('error', reject)
  })
}

/** By reset: so many ports that wait for the end of a connection would be missing in the next round. */
function closeAll(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.resetAndDestroy()
}
