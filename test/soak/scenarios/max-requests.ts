import { messages } from '../../helpers/messages.js'
import { fewestReady } from '../ready-workers.js'
import { check, type Scenario } from '../scenario.js'
import { underLoad } from '../under-load.js'

/** Requests after which a worker is replaced, and how many come in a second at most: each replacement takes a boot. */
const REQUESTS = 50
const RATE = 160

/** Workers that are replaced all the time. */
export const maxRequests: Scenario = {
  name: 'max-requests',
  run: scale =>
    underLoad({
      scale: { ...scale, rate: Math.min(scale.rate, RATE) },
      options: { args: ['--max-requests', String(REQUESTS)] },
      act: async ({ soaked: { server }, load }) => {
        await load.lasts(scale.seconds, scale.signal)
        await server.log(messages.exited)
        return `${server.logged(messages.exited).length} workers replaced`
      },
      conclude: ({ soaked: { server } }) => {
        const { workers } = scale
        const fewest = fewestReady(server.lines, workers)
        return { checks: [check(`never fewer than ${workers} ready workers`, fewest, fewest >= workers)] }
      },
    }),
}
