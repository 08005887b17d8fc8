import { messages } from '../../helpers/messages.js'
import { type Loss, murder, sortOut } from '../losses.js'
import type { Scenario } from '../scenario.js'
import type { SoakServer } from '../soak-server.js'
import { rounds, underLoad } from '../under-load.js'

async function kill({ server }: SoakServer, round: number): Promise<Loss> {
  const workers = server.workers()
  const after = server.lines.at(-1)
  const loss = await murder(workers[round % workers.length] ?? 0)
  await server.log(messages.ready, after && { after })
  return loss
}

/** `kill -9` of one worker after the other. */
export const kills: Scenario = {
  name: 'kill-9',
  run: async scale => {
    const losses: Loss[] = []
    return underLoad({
      scale,
      options: { expectErrors: [messages.exited] },
      act: async ({ soaked }) => {
        await rounds(scale.times, scale, async round => losses.push(await kill(soaked, round)))
        const held = losses.reduce((sum, { ports }) => sum + ports.size, 0)
        return `${scale.times} kills of workers that held ${held} connections`
      },
      conclude: ({ load }) => sortOut(load.failures, losses),
    })
  },
}
