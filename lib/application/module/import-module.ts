import { realpathSync } from 'node:fs'
import { isCommonJs, isTypeScript, mixesModuleSystems, moduleKind } from './module-kind.js'
import { type Attempt, importByNode, runByNode, tryByNode } from './node-loader.js'
import { isInstalledFor, lacksOwnPackage, offerOwnPackage } from './own-package.js'

/** The names that a module exports. */
export type Exports = Readonly<Record<string, unknown>>

/**
 * Loads a module, and runs none twice. TypeScript is loaded by Node itself where it can, and by jiti where it cannot: where Node knows
 * no TypeScript at all (20), or fails before anything has run, as it does for enums, decorators and imports of `./x` that mean `x.ts`.
 * @param file  absolute; links are followed, as Node does for the script that it is started with
 * @param main  whether the module is to see itself as the script that was started: `process.argv[1]`, which has the links that Node
 * leaves in it too, and `require.main` of CommonJS
 * @throws UnicornError with exit code 4; its cause keeps what the module threw
 */
export async function importModule(file: string, { main = false } = {}): Promise<Exports> {
  if (main) process.argv[1] = file
  try {
    return await load(realpathSync(file), main)
  } catch (error) {
    const { loadFailure } = await import('./load-failure.js')
    throw await loadFailure(file, error)
  }
}

async function load(file: string, main: boolean): Promise<Exports> {
  const finds = isInstalledFor(file) || offerOwnPackage()
  if (isTypeScript(file)) return loadTypeScript(file, main)
  if (main && isCommonJs(file)) return exportsOf(await runByNode(file, main))
  return finds ? importByNode(file) : importWithPackage(file)
}

async function loadTypeScript(file: string, main: boolean): Promise<Exports> {
  if (!nodeKnowsTypeScript() || mixesModuleSystems(file)) return importByJiti(file, main)
  const attempt = await (moduleKind(file) === 'commonjs' ? runByNode(file, main) : tryByNode(file))
  return 'error' in attempt && !attempt.hasRun ? importByJiti(file, main) : exportsOf(attempt)
}

/** Where Node has no hooks for `import` that cost nothing: what imports this package is loaded by jiti, which can give it. */
async function importWithPackage(file: string): Promise<Exports> {
  try {
    return await importByNode(file)
  } catch (error) {
    if (!lacksOwnPackage(error)) throw error
    const again = await tryByNode(file)
    if ('error' in again && again.hasRun) throw error
    return importByJiti(file, false)
  }
}

/** Loaded where it is needed: by the fewest, and it takes its time. */
async function importByJiti(file: string, main: boolean): Promise<Exports> {
  const loader = await import('./jiti/jiti-loader.js')
  return loader.importByJiti(file, main)
}

function exportsOf(attempt: Attempt): Exports {
  if ('error' in attempt) throw attempt.error
  return attempt.exports
}

function nodeKnowsTypeScript(): boolean {
  return 'typescript' in process.features && Boolean(process.features.typescript)
}
