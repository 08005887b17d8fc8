import { type IncomingMessage, Server, type ServerResponse } from 'node:http'

/** A request handler of `node:http`. A promise that it returns is watched for rejection only. */
export type NodeHandler = (req: IncomingMessage, res: ServerResponse) => unknown

export type NodeServer = Server

/** What the node interface calls: a handler, or a server with listeners of its own. */
export type NodeTarget = NodeHandler | NodeServer

export function isHttpServer(value: unknown): value is NodeServer {
  return value instanceof Server
}
