import { Server } from 'node:http'
import type { NodeHandler } from './types.js'

export type NodeServer = Server

/** What the node interface calls: a handler, or a server with listeners of its own. */
export type NodeTarget = NodeHandler | NodeServer

export function isHttpServer(value: unknown): value is NodeServer {
  return value instanceof Server
}
