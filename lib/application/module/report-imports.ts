import type { MessagePort } from 'node:worker_threads'
import type { ImportContext, Resolution } from './module-hooks.js'

/** Runs in the thread of its own that Node has for hooks of `import` before 22.15, and tells the main thread what is imported. */

let port: MessagePort | undefined

/** Called by Node, with the data that was registered. */
export function initialize(data: { readonly port: MessagePort }): void {
  port = data.port
}

/** Called by Node, for each `import`. */
export async function resolve(
  specifier: string,
  context: ImportContext,
  next: (specifier: string, context: ImportContext) => Promise<Resolution>,
): Promise<Resolution> {
  port?.postMessage(wantedUrl(specifier, context))
  const resolution = await next(specifier, context)
  port?.postMessage(resolution.url)
  return resolution
}

/** Where an import by a path leads to, whether a file is there or not; for one by a name, that name. */
export function wantedUrl(specifier: string, { parentURL }: ImportContext): string {
  const isPath = /^\.{0,2}\/(?!\/)/.test(specifier) && URL.canParse(specifier, parentURL)
  return isPath ? new URL(specifier, parentURL).href : specifier
}
