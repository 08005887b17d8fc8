import { realpathSync } from 'node:fs'
import { isCommonJs, isTypeScript, mixesModuleSystems, moduleKind } from '../../sys/module-kind.js'
import { type Exports, importByNode, runByNode, tryByNode, tryCommonJs } from './node-loader.js'
import { isInstalledFor, lacksOwnPackage, offerOwnPackage } from './own-package.js'

/**
 * Loads a module, by Node if Node can, else by jiti. No module runs twice: jiti gets one only if Node failed before it
 * ran any code, as Node does for enums, decorators and imports of `./x` that mean `x.ts`.
 * @param file  an absolute path; links are followed, as Node does for the script that it is started with
 * @param main  whether the module sees itself as the script that was started: by `require.main` of CommonJS, and by
 * `process.argv[1]`, in which Node leaves links as they are
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
  const findsOwnPackage = isInstalledFor(file) || offerOwnPackage()
  if (isTypeScript(file)) return loadTypeScript(file, main)
  if (main && isCommonJs(file)) return runByNode(file, main)
  return findsOwnPackage ? importByNode(file) : importWithOwnPackage(file)
}

async function loadTypeScript(file: string, main: boolean): Promise<Exports> {
  // Node 20 knows no TypeScript at all.
  const isKnown = 'typescript' in process.features && Boolean(process.features.typescript)
  if (!isKnown || mixesModuleSystems(file)) return importByJiti(file, main)
  const byNode = moduleKind(file) === 'commonjs' ? tryCommonJs(file, main) : tryByNode(file)
  return (await byNode) ?? importByJiti(file, main)
}

/** Before Node 22.15 `import` can be helped to this package only at a high cost, so jiti loads what imports it. */
async function importWithOwnPackage(file: string): Promise<Exports> {
  try {
    return await importByNode(file)
  } catch (error) {
    if (!lacksOwnPackage(error)) throw error
    return (await tryByNode(file)) ?? importByJiti(file, false)
  }
}

/** Few applications need jiti, and it takes 20 ms to load. */
async function importByJiti(file: string, main: boolean): Promise<Exports> {
  return (await import('./jiti/jiti-loader.js')).importByJiti(file, main)
}
