import { messages } from '../../helpers/messages.js'
import { isStopped } from '../../helpers/process.js'
import { until } from '../../helpers/until.js'
import { clientPortsOf } from '../accepted-by.js'
import type { Scenario } from '../scenario.js'
import type { SoakServer } from '../soak-server.js'
import type { Failure } from '../steady-load.js'
import { rounds, underLoad } from '../under-load.js'

/** One killed worker, and the connections that it had accepted. */
interface Kill {
  readonly at: number
  readonly ports: ReadonlySet<number>
}

/** Kills a worker as the kernel does when memory runs out. It is stopped first, so that what it holds can be read. */
async function kill({ server }: SoakServer, round: number): Promise<Kill> {
  const workers = server.workers()
  const victim = workers[round % workers.length] ?? 0
  const after = server.lines.at(-1)
  process.kill(victim, 'SIGSTOP')
  await until('the victim stands still', () => isStopped(victim))
  const ports = clientPortsOf(victim)
  process.kill(victim, 'SIGKILL')
  const at = performance.now()
  await server.log(messages.ready, after && { after })
  return { at, ports }
}

function isLostWith(kills: readonly Kill[], { port, openedAt, failedAt }: Failure): boolean {
  return kills.some(({ at, ports }) => openedAt < at && failedAt >= at && ports.has(port))
}

/** `kill -9` of one worker after the other. */
export const kills: Scenario = {
  name: 'kill-9',
  run: async scale => {
    const done: Kill[] = []
    return underLoad({
      scale,
      options: { expectErrors: [messages.exited] },
      act: async ({ soaked }) => {
        await rounds(scale.times, scale, async round => done.push(await kill(soaked, round)))
        const held = done.reduce((sum, { ports }) => sum + ports.size, 0)
        return `${scale.times} kills of workers that held ${held} connections`
      },
      conclude: ({ load }) => {
        const lostWithWorker = load.failures.filter(failure => isLostWith(done, failure))
        const failures = load.failures.filter(failure => !lostWithWorker.includes(failure))
        return { failures, lostWithWorker }
      },
    })
  },
}
