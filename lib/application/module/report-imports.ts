import type { MessagePort } from 'node:worker_threads'
import type { ImportContext, Resolution } from './module-hooks.js'

// Reports imports to the main thread: before Node 22.15 hooks of `import` run in another thread, which loads this file.

let port: MessagePort | undefined

/** Node calls this with the data given at the registration. */
export function initialize(data: { readonly port: MessagePort }): void {
  port = data.port
}

/** Node calls this for each `import`. */
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

/** The URL that an import by path means, whether or not the file exists; an import by name is returned as it is. */
export function wantedUrl(specifier: string, { parentURL }: ImportContext): string {
  const isPath = /^\.{0,2}\/(?!\/)/.test(specifier) && URL.canParse(specifier, parentURL)
  return isPath ? new URL(specifier, parentURL).href : specifier
}
