import type { Scenario } from '../scenario.js'
import { rounds, underLoad } from '../under-load.js'

/** A new arbiter on the same sockets, and TERM to the old one. */
export const upgrades: Scenario = {
  name: 'usr2',
  run: scale =>
    underLoad({
      scale,
      act: async ({ soaked }) => {
        await rounds(scale.upgrades, scale, () => soaked.upgrade(scale.workers))
        return `${scale.upgrades} upgrades`
      },
    }),
}
