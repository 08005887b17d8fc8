import { importModule } from '../../../lib/application/module/import-module.js'
import type { Exports } from '../../../lib/application/module/node-loader.js'
import { toError, UnicornError } from '../../../lib/errors.js'
import { OUTCOME } from './outcome.js'

/**
 * A process that loads the modules of its arguments, one after the other, and prints a line with the outcome of each.
 */

const [kind, ...files] = process.argv.slice(2)

async function load(file: string): Promise<object> {
  const exports = await importModule(file, { main: kind === 'main' })
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

for (const file of files) console.log(`${OUTCOME}${JSON.stringify(await load(file).catch(failure))}`)
