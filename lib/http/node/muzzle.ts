import type { ServerResponse } from 'node:http'

/**
 * Lets an application go on with a response that was answered in its place: what it still sets, writes and ends is
 * dropped. Node would throw instead, in callbacks that no error handler of the application surrounds.
 */
export function muzzle(res: ServerResponse): void {
  const chain = (): ServerResponse => res
  Object.assign(res, {
    setHeader: chain,
    setHeaders: chain,
    appendHeader: chain,
    writeHead: chain,
    end: chain,
    removeHeader: () => {},
    flushHeaders: () => {},
    addTrailers: () => {},
    writeContinue: () => {},
    writeProcessing: () => {},
    writeEarlyHints: () => {},
    write: () => true,
  })
}
