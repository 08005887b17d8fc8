import { type IncomingMessage, Server, type ServerResponse } from 'node:http'

/** A request handler of `node:http`. A promise that it returns is watched for rejection only. */
export type NodeHandler = (req: IncomingMessage, res: ServerResponse) => unknown

export type HttpServer = Server

/** What the node interface serves: a handler, or a server with listeners of its own. */
export type NodeTarget = NodeHandler | HttpServer

export function isHttpServer(value: unknown): value is HttpServer {
  return value instanceof Server
}
