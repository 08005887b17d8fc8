import Module, { createRequire } from 'node:module'
import { dirname, isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { property } from '../../sys/objects.js'
import { packageFile } from '../../sys/package.js'
import { candidates } from './find-module.js'
import { hookImport, hookRequire, LOADED } from './module-hooks.js'
import { OWN_DEPENDENCIES } from './own-package.js'
import { wantedUrl } from './report-imports.js'

const OURS = fileURLToPath(packageFile('dist/'))

/** All modules of CommonJS, and those that jiti has loaded. */
const { cache } = createRequire(import.meta.url)

/**
 * Collects the files that the modules of this process come from, also of modules that are missing or faulty. It slows
 * the loading of modules a little, so only `--reload` uses it.
 */
export class LoadedFiles {
  readonly #report: (files: string[]) => void
  readonly #known = new Set<string>()
  #fresh: string[] = []
  /** Receives URLs on a Node that runs hooks in a thread of their own. */
  #port: MessagePort | undefined

  /** Begins to collect. @param report  gets each file once, many at a time */
  constructor(report: (files: string[]) => void) {
    this.#report = report
    LOADED.subscribe(file => typeof file === 'string' && this.add(file))
    hookRequire((request, parent, next) => this.#find(request, parent, next))
    const isHooked = hookImport((specifier, context, next) => {
      this.#addUrl(wantedUrl(specifier, context))
      const resolution = next(specifier, context)
      this.#addUrl(resolution.url)
      return resolution
    })
    if (!isHooked) this.#port = hookByThread().on('message', url => this.#addUrl(url))
    this.#port?.unref()
  }

  add(file: string): void {
    if (this.#known.has(file) || file.startsWith(OURS) || OWN_DEPENDENCIES.test(file)) return
    this.#known.add(file)
    if (this.#fresh.push(file) === 1) setImmediate(() => this.flush())
  }

  /** Reports at once what has been collected, for a process that is about to end. */
  flush(): void {
    for (const file of Object.keys(cache)) this.add(file)
    const receive = (): { message: string } | undefined => this.#port && receiveMessageOnPort(this.#port)
    for (let received = receive(); received; received = receive()) this.#addUrl(received.message)
    if (this.#fresh.length > 0) this.#report(this.#fresh.splice(0))
  }

  #addUrl(url: string): void {
    if (url.startsWith('file:')) this.add(fileURLToPath(url))
  }

  #find(request: string, parent: unknown, find: () => string): string {
    try {
      const file = find()
      if (isAbsolute(file)) this.add(file)
      return file
    } catch (error) {
      const importer = property(parent, 'filename')
      if (/^\.{0,2}\//.test(request) && typeof importer === 'string') {
        for (const name of candidates(request)) this.add(resolve(dirname(importer), name))
      }
      throw error
    }
  }
}

/** @returns the end of a channel that receives the URLs of imports */
function hookByThread(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  const hooks = packageFile('dist/lib/application/module/report-imports.js')
  Module.register(hooks, { data: { port: port2 }, transferList: [port2] })
  return port1
}
