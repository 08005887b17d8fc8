import { Server } from 'node:http'
import { property } from '../../sys/objects.js'

/** Properties of an application's own server that are not followed, and what holds in their place. */
const INSTEAD: Readonly<Record<string, string>> = {
  keepAliveTimeout: "use unicorn's setting --keep-alive",
  headersTimeout: "use unicorn's setting --header-timeout",
  maxHeadersCount: "use unicorn's setting --limit-request-fields",
  maxHeaderSize: "use unicorn's setting --limit-request-line and --limit-request-field-size",
  insecureHTTPParser: 'unicorn refuses malformed requests',
  requireHostHeader: 'unicorn refuses requests of HTTP/1.1 without Host',
}

/** What asks for nothing else. Fastify sets its limit whatever its user wants (its reference, "Server"). */
const DEFAULTS: Readonly<Record<string, unknown>> = { keepAliveTimeout: 72_000, insecureHTTPParser: false }

/**
 * Says which limits the application has set on its server in vain, and which setting to use.
 * @param present  the values of settings that have the same unit, by the name of the property
 */
export function ignoredLimits(server: Server, present: Readonly<Record<string, number>>): string[] {
  const plain = new Server()
  return Object.entries(INSTEAD).flatMap(([name, instead]) => {
    const value = property(server, name)
    if ([undefined, null, property(plain, name), DEFAULTS[name], present[name]].includes(value)) return []
    return `The application's server.${name} of ${value} is ignored: ${instead}`
  })
}
