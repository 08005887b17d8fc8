import { readFileSync, type Stats, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { ExitCode, errorCode, UnicornError } from '../../errors.js'
import { property } from '../../sys/objects.js'

const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']
const DOTTED = /^[^./\\#@][^/\\]*$/
/** A module's name in Python. */
const PYTHON_NAME = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/
const UNRESOLVED = /^(?:MODULE_NOT_FOUND$|ERR_PACKAGE_|ERR_INVALID_MODULE_SPECIFIER$)/

/**
 * Finds the file of a module: an existing file, a dotted name (`myproj.wsgi` is `myproj/wsgi`), a directory by the
 * `main` of its package.json or by an index file, or a package as `import` in `directory` would find it. All paths are
 * absolute.
 * @param others  files of another language that were looked for before, for the error
 * @throws UnicornError with exit code 4 that names the files it tried
 */
export async function findModule(module: string, directory: string, others: readonly string[] = []): Promise<string> {
  const tried = withMain(
    resolve(directory, module),
    candidates(module).map(path => resolve(directory, path)),
  )
  const file = tried.find(path => statsOf(path)?.isFile())
  const found = file ?? (isBare(module) ? await findPackage(module, directory) : undefined)
  if (found !== undefined) return found
  throw notFound(module, directory, tried, others)
}

/** The files that a module's name may mean, relative to the directory; the first that exists is the module. */
export function candidates(module: string): readonly string[] {
  const bases = DOTTED.test(module) ? [module.replaceAll('.', '/'), module] : [module]
  const files = bases.flatMap(base => [
    ...EXTENSIONS.map(extension => base + extension),
    ...EXTENSIONS.map(extension => join(base, `index${extension}`)),
  ])
  return [...new Set([module, ...files])]
}

/** The same for a module in Python: none if the name cannot be one's. */
export function pythonCandidates(module: string): readonly string[] {
  const path = module.replaceAll('.', '/')
  return PYTHON_NAME.test(module) ? [`${path}.py`, `${path}/__init__.py`] : []
}

/** Adds what the package.json of a directory names as `main`: `node DIRECTORY` prefers it to an index file. */
function withMain(directory: string, files: readonly string[]): readonly string[] {
  if (!statsOf(directory)?.isDirectory()) return files
  const main = mainOf(join(directory, 'package.json'))
  if (main === undefined) return files
  const isIndex = (file: string): boolean => dirname(file) === directory
  const mains = candidates(resolve(directory, main))
  return [...files.filter(file => !isIndex(file)), ...mains, ...files.filter(isIndex)]
}

/** @returns undefined if there is no such file, or nothing of use in it, as for Node */
function mainOf(manifest: string): string | undefined {
  try {
    const main = property(JSON.parse(readFileSync(manifest, 'utf8')), 'main')
    return typeof main === 'string' ? main : undefined
  } catch {
    return undefined
  }
}

/** @returns undefined if there is no such file */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return undefined
    throw new UnicornError(`cannot look for ${path}`, { where: path, error }, ExitCode.appLoad)
  }
}

function isBare(module: string): boolean {
  return !/^(\.{0,2}\/|\.{1,2}$)/.test(module)
}

/** Resolves by package.json's "exports" and "imports", under the conditions of `require`, then those of `import`. */
async function findPackage(module: string, directory: string): Promise<string | undefined> {
  const base = join(directory, 'package.json')
  try {
    return createRequire(base).resolve(module)
  } catch (error) {
    if (!UNRESOLVED.test(errorCode(error) ?? '')) throw error
  }
  const { resolveByJiti } = await import('./jiti/jiti-loader.js')
  return resolveByJiti(module, base)
}

function notFound(
  module: string,
  directory: string,
  tried: readonly string[],
  others: readonly string[],
): UnicornError {
  const isDirectory = statsOf(resolve(directory, module))?.isDirectory() ?? false
  const files = tried.map(file => relative(directory, file)).join(', ')
  const what = isDirectory ? 'is a directory without an index file' : 'was not found'
  const named = isBare(module) ? ', and a package of that name' : ''
  const also = others.length > 0 ? `; for an application in Python, ${others.join(', ')}` : ''
  return new UnicornError(
    `module "${module}" ${what} in ${directory}; tried ${files}${named}${also}`,
    { found: isDirectory ? 'a directory' : 'no such file', wanted: [...tried, ...others], where: directory },
    ExitCode.appLoad,
  )
}
