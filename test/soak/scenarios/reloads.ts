import { messages } from '../../helpers/messages.js'
import { fewestReady, mostAlive } from '../ready-workers.js'
import { check, type Scenario } from '../scenario.js'
import { rounds, underLoad } from '../under-load.js'

function reloads(strategy: 'all' | 'rolling'): Scenario {
  return {
    name: `hup-${strategy}`,
    run: scale =>
      underLoad({
        scale,
        options: { args: ['--reload-strategy', strategy] },
        act: async ({ soaked }) => {
          await rounds(scale.times, scale, () => soaked.signal('SIGHUP', messages.reloaded))
          return `${scale.times} reloads`
        },
        conclude: ({ soaked: { server } }) => {
          const { workers } = scale
          const fewest = fewestReady(server.lines, workers)
          const most = mostAlive(server.lines)
          return {
            checks: [
              check(`never fewer than ${workers} ready workers`, fewest, fewest >= workers),
              ...(strategy === 'rolling'
                ? [check('at most one worker more', most - workers, most <= workers + 1)]
                : []),
            ],
          }
        },
      }),
  }
}

/** Whole generations beside each other; those before the last may still drain. */
export const hupAll = reloads('all')

/** One worker at a time. */
export const hupRolling = reloads('rolling')

/** The application on disk does not load: each reload is rolled back. */
export const hupBroken: Scenario = {
  name: 'hup-broken',
  run: scale => {
    const times = Math.ceil(scale.times / 2)
    return underLoad({
      scale,
      options: { expectErrors: [messages.reloadFailed, messages.appLoadFailed, messages.exited] },
      act: async ({ soaked }) => {
        soaked.write('app.js', 'export function application( {')
        await rounds(times, scale, () => soaked.signal('SIGHUP', messages.reloadFailed))
        return `${times} reloads rolled back`
      },
      conclude: ({ soaked: { server } }) => {
        const replaced = server.logged(messages.ready).length - scale.workers
        return { checks: [check('no old worker was replaced', replaced, replaced === 0)] }
      },
    })
  },
}
