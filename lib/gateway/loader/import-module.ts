import { pathToFileURL } from 'node:url'
import { ExitCode, errorCode, toError, UnicornError } from '../../errors.js'

/** The names that a module exports. */
export type Exports = Readonly<Record<string, unknown>>

/**
 * What Node's own TypeScript cannot do, and jiti can: syntax that is more than types (enums), and imports of `./x` or
 * `./x.js` that mean `x.ts`. Such imports fail before any module has run.
 */
const BEYOND_NODE = new Set([
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNKNOWN_FILE_EXTENSION',
])

/**
 * Loads a module, TypeScript by Node itself where it can and by jiti where it cannot.
 * @param file  absolute
 * @throws UnicornError with exit code 4; its cause keeps what the module threw
 */
export async function importModule(file: string): Promise<Exports> {
  try {
    return /\.[mc]?ts$/.test(file) ? await importTypeScript(file) : await importByNode(file)
  } catch (error) {
    const { message } = toError(error)
    throw new UnicornError(`${file} failed to load: ${message}`, { where: file, error }, ExitCode.appLoad)
  }
}

function importByNode(file: string): Promise<Exports> {
  return import(pathToFileURL(file).href)
}

async function importTypeScript(file: string): Promise<Exports> {
  if (!nodeKnowsTypeScript()) return importByJiti(file)
  try {
    return await importByNode(file)
  } catch (error) {
    if (!BEYOND_NODE.has(errorCode(error) ?? '')) throw error
    return importByJiti(file)
  }
}

function nodeKnowsTypeScript(): boolean {
  return 'typescript' in process.features && Boolean(process.features.typescript)
}

/** No cache on disk: it could be one that another user of the machine can write. */
async function importByJiti(file: string): Promise<Exports> {
  const { createJiti } = await import('jiti')
  return createJiti(pathToFileURL(file).href, { fsCache: false, interopDefault: false }).import(file)
}
