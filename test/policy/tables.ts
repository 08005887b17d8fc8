import type { Case } from './case.js'
import * as probe from './http11probe/compliance.js'
import { malformedInput } from './http11probe/malformed.js'
import { smuggling } from './http11probe/smuggling.js'
import { closings, endings, garbageBehind, pipelines } from './tables/behind.js'
import { answersInParts, bodies } from './tables/bodies.js'
import { chunks, trailerFields } from './tables/chunked.js'
import { fields } from './tables/fields.js'
import { codings, lengths } from './tables/framing.js'
import { hosts } from './tables/host.js'
import { limits } from './tables/limits.js'
import { expectations, handshakes, upgrades, webSockets } from './tables/offers.js'
import { schemes } from './tables/proxies.js'
import { requestLines, versions } from './tables/request-line.js'
import { smuggled, strangers } from './tables/strangers.js'
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
  strangers,
  smuggled,
  probe.compliance,
  smuggling,
  malformedInput,
].flat()

const PLAIN: readonly Case[] = [...COMMON, ...webSockets, ...probe.upgrades]

export const CASES = {
  /** For an interface that takes no WebSockets. */
  plain: [...PLAIN, ...bodies, ...answersInParts],
  /** For one that takes them. */
  sockets: [...COMMON, ...handshakes, ...schemes, ...bodies, ...answersInParts],
  /** For applications in Python by WSGI. */
  python: [...PLAIN, ...bodies, ...answersInParts, ...schemes],
  /** Those whose answers do not depend on what the application does with its request. */
  parsed: PLAIN,
}
