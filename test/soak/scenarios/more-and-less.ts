import { handling, messages } from '../../helpers/messages.js'
import type { Scenario } from '../scenario.js'
import { rounds, underLoad } from '../under-load.js'

/** One worker more, and the oldest retires. */
export const ttinTtou: Scenario = {
  name: 'ttin-ttou',
  run: scale =>
    underLoad({
      scale,
      act: async ({ soaked }) => {
        await rounds(scale.times, scale, async () => {
          await soaked.signal('SIGTTIN', messages.ready)
          await soaked.signal('SIGTTOU', handling('ttou'))
        })
        return `${scale.times} pairs`
      },
    }),
}
