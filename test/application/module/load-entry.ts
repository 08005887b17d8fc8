import type { Exports } from '../../../lib/application/module/exports.js'
import { importModule } from '../../../lib/application/module/import-module.js'
import { toError, UnicornError } from '../../../lib/errors.js'

/** A process that loads the module of its first argument, and says on the last line of its output what came of it. */

const [file = '', main] = process.argv.slice(2)

async function load(): Promise<object> {
  const exports = await importModule(file, { main: main === 'main' })
  return { names: Object.keys(exports).filter(name => name !== 'module.exports'), value: await call(exports) }
}

/** What its function `application` returns, or else its default export. */
async function call({ application, default: main }: Exports): Promise<unknown> {
  return typeof application === 'function' ? application() : (application ?? main)
}

function failure(thrown: unknown): object {
  if (!(thrown instanceof UnicornError)) return { crash: toError(thrown).stack }
  const { message, exitCode, cause } = thrown
  return { error: message, exitCode, stack: toError(cause.error).stack }
}

console.log(JSON.stringify(await load().catch(failure)))
