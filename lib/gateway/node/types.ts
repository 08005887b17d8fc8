import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request handler of `node:http`. A promise that it returns is watched for rejection only. */
export type NodeHandler = (req: IncomingMessage, res: ServerResponse) => unknown
