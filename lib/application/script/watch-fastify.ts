import { subscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:http'

/**
 * Remembers the Fastify applications that are made from now on. A server does not lead to its application otherwise: the
 * server's handlers have it in their closures only.
 * @returns finds the Fastify application of a server; the server itself if there is none
 */
export function watchFastify(): (server: Server) => object {
  const instances: object[] = []
  subscribe('fastify.initialization', message => {
    const instance: unknown = typeof message === 'object' && message !== null && Reflect.get(message, 'fastify')
    if (typeof instance === 'object' && instance !== null) instances.push(instance)
  })
  return server => instances.find(instance => Reflect.get(instance, 'server') === server) ?? server
}
