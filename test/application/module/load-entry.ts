import type { Exports } from '../../../lib/application/module/exports.js'
import { importModule } from '../../../lib/application/module/import-module.js'
import { toError, UnicornError } from '../../../lib/errors.js'

/** Loads the module of the first argument, and writes the outcome as the last line of the output. */

const [file = '', main] = process.argv.slice(2)

async function load(): Promise<object> {
  const exports = await importModule(file, { main: main === 'main' })
  return { names: Object.keys(exports).filter(name => name !== 'module.exports'), value: await call(exports) }
}

/** Returns what the export `application` returns, or else the default export. */
async function call({ application, default: main }: Exports): Promise<unknown> {
  return typeof application === 'function' ? application() : (application ?? main)
}

function failure(thrown: unknown): object {
  if (!(thrown instanceof UnicornError)) return { crash: toError(thrown).stack }
  const { message, exitCode, cause } = thrown
  return { error: message, exitCode, stack: toError(cause.error).stack }
}

console.log(JSON.stringify(await load().catch(failure)))
