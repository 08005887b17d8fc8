import type { Case } from './case.js'
import { closings, endings, garbageBehind, pipelines } from './tables/behind.js'
import { chunks, trailerFields } from './tables/chunked.js'
import { fields } from './tables/fields.js'
import { codings, lengths } from './tables/framing.js'
import { hosts } from './tables/host.js'
import { limits } from './tables/limits.js'
import { expectations, upgrades, webSockets } from './tables/offers.js'
import { requestLines, versions } from './tables/request-line.js'
import { targets } from './tables/target.js'

/** All cases that are the same for each interface. */
export const CASES: readonly Case[] = [
  requestLines,
  versions,
  targets,
  hosts,
  fields,
  lengths,
  codings,
  chunks,
  trailerFields,
  pipelines,
  closings,
  garbageBehind,
  endings,
  expectations,
  upgrades,
  webSockets,
  limits,
].flat()
