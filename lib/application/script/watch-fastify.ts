import { subscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:http'
import { isObject, property } from '../../sys/objects.js'

/**
 * Remembers the Fastify applications that are made from now on, since a server does not lead to its application.
 * @returns a function that finds the Fastify application of a server, or the server itself if there is none
 */
export function watchFastify(): (server: Server) => object {
  const instances: object[] = []
  subscribe('fastify.initialization', message => {
    const instance = property(message, 'fastify')
    if (isObject(instance)) instances.push(instance)
  })
  return server => instances.find(instance => Reflect.get(instance, 'server') === server) ?? server
}
