import { createRequire } from 'node:module'
import { isHttpServer, type NodeTarget } from '../gateway/node/target.js'
import { hasMethods } from '../sys/objects.js'

/** Gives requests and responses prototypes of its own, whose own ones are those of node:http. */
const EXPRESS = /[\\/]node_modules[\\/]express[\\/]lib[\\/]response\.js$/

/**
 * Reports why an application of the node interface cannot take Node's compatibility objects, and so not HTTP/2;
 * undefined if it can. An application of Express may be within another function, so it counts that Express is loaded.
 */
export function whyNotHttp2(target: NodeTarget): string | undefined {
  if (isHttpServer(target)) return 'the application has a server of node:http'
  const isExpress = hasMethods(target, 'handle', 'use') || Object.keys(cache).some(file => EXPRESS.test(file))
  return isExpress ? "Express needs node:http's own request and response" : undefined
}

const { cache } = createRequire(import.meta.url)
