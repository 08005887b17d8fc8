import { Server } from 'node:http'
import { property } from '../../sys/objects.js'

/** Properties of an application's own server that unicorn's settings replace. */
const SETTINGS: Readonly<Record<string, string>> = {
  keepAliveTimeout: '--keep-alive',
  headersTimeout: '--header-timeout',
  maxHeadersCount: '--limit-request-fields',
  maxHeaderSize: '--limit-request-line and --limit-request-field-size',
}

/** What a framework sets by itself, whatever its user wants: Fastify does (its reference, "Server"). */
const DEFAULTS: Readonly<Record<string, number>> = { keepAliveTimeout: 72_000 }

/**
 * Says which limits the application has set on its server in vain, and which setting to use.
 * @param present  the values of settings that have the same unit, by the name of the property
 */
export function ignoredLimits(server: Server, present: Readonly<Record<string, number>>): string[] {
  const plain = new Server()
  return Object.entries(SETTINGS).flatMap(([name, setting]) => {
    const value = property(server, name)
    if (typeof value !== 'number' || [property(plain, name), DEFAULTS[name], present[name]].includes(value)) return []
    return `The application's server.${name} of ${value} is ignored: use unicorn's setting ${setting}`
  })
}
