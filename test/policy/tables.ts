import type { Case } from './case.js'
import * as probe from './http11probe/compliance.js'
import { malformedInput } from './http11probe/malformed.js'
import { smuggling } from './http11probe/smuggling.js'
import { closings, endings, garbageBehind, pipelines } from './tables/behind.js'
import { chunks, trailerFields } from './tables/chunked.js'
import { fields } from './tables/fields.js'
import { codings, lengths } from './tables/framing.js'
import { hosts } from './tables/host.js'
import { limits } from './tables/limits.js'
import { expectations, handshakes, upgrades, webSockets } from './tables/offers.js'
import { requestLines, versions } from './tables/request-line.js'
import { targets } from './tables/target.js'

/** All cases that are the same for each interface. */
const COMMON: readonly Case[] = [
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
  limits,
  probe.compliance,
  smuggling,
  malformedInput,
].flat()

/** For an interface that takes WebSockets, and for one that takes none. */
export const CASES = { sockets: [...COMMON, ...handshakes], plain: [...COMMON, ...webSockets, ...probe.upgrades] }
