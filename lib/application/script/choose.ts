import type { NodeServer } from '../../gateway/node/target.js'
import type { ListenCall } from './intercept-listen.js'
import { CLAIM, type Places } from './places.js'

export interface HttpCall extends ListenCall {
  readonly server: NodeServer
}

/** What the application's export says of a server; undefined if it says nothing. */
export type BelongsTo = (server: NodeServer) => boolean | undefined

/** What the module exports. */
export interface Exported {
  readonly belongs: BelongsTo
  /** Whether it is served rather than a server at a place that says nothing. */
  readonly wins: boolean
}

/**
 * Chooses the server that is the application, by the place where each listens and by the export.
 * @returns  `rival` if another one has as good a claim, at another place
 */
export function choose(
  all: readonly HttpCall[],
  places: Places,
  { belongs, wins }: Exported,
): { main: HttpCall | undefined; rival?: HttpCall | undefined } {
  const own = all.find(({ server }) => belongs(server))
  const best = Math.max(...all.map(({ at }) => places.claimOf(at)))
  const isClear = best >= CLAIM.port
  if (own && !isClear) return { main: own }
  const equals = all.filter(
    ({ server, at }) => places.claimOf(at) === best && (isClear || !(wins || belongs(server) === false)),
  )
  const main = equals.find(call => call === own) ?? equals[0]
  const rival = equals.find(call => call !== main && (call.at !== main?.at || call.at === 0))
  return { main, rival: main === own ? undefined : rival }
}
