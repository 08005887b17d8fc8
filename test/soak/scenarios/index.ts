import type { Scenario } from '../scenario.js'
import { clients } from './clients.js'
import { crashLoop } from './crash-loop.js'
import { hangs } from './hangs.js'
import { kills } from './kills.js'
import { maxRequests } from './max-requests.js'
import { ttinTtou } from './more-and-less.js'
import { python } from './python.js'
import { hupAll, hupBroken, hupRolling } from './reloads.js'
import { upgrades } from './upgrades.js'

export const scenarios: readonly Scenario[] = [
  hupAll,
  hupRolling,
  hupBroken,
  ttinTtou,
  upgrades,
  maxRequests,
  kills,
  hangs,
  crashLoop,
  clients('native'),
  clients('node'),
  ...python('plain'),
  ...python('preload'),
  ...python('threads'),
  ...python('asgi'),
]
