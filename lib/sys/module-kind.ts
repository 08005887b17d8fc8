import { readFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { compileFunction } from 'node:vm'
import { property } from './objects.js'

/** How Node treats a file; `unsaid` means that the file's syntax decides. */
export type ModuleKind = 'commonjs' | 'module' | 'unsaid'

/** What only CommonJS has. TypeScript that is compiled to CommonJS may use it beside `import`. */
const COMMONJS_NAMES = /\brequire\s*[(.]|\bmodule\.exports\b|\bexports\.|\b__(?:dir|file)name\b/

export function isTypeScript(file: string): boolean {
  return /\.(?:[cm]?ts|tsx)$/.test(file)
}

/** Decides by the extension, else by the "type" of the nearest package.json (Node, "Determining module system"). */
export function moduleKind(file: string): ModuleKind {
  const extension = extname(file)
  if (/^\.c[jt]s$/.test(extension)) return 'commonjs'
  return ['', '.js', '.ts', '.jsx', '.tsx'].includes(extension) ? packageType(dirname(file)) : 'module'
}

/** Reports whether Node runs this JavaScript as CommonJS: if nothing else decides, whether it compiles as that. */
export function isCommonJs(file: string): boolean {
  const kind = moduleKind(file)
  return kind === 'unsaid' ? compilesAsCommonJs(readFileSync(file, 'utf8')) : kind === 'commonjs'
}

/** Reports whether TypeScript in a package without a "type" uses names of CommonJS, and so may mix it with `import`. */
export function mixesModuleSystems(file: string): boolean {
  return moduleKind(file) === 'unsaid' && usesCommonJs(readFileSync(file, 'utf8'))
}

/** Reports whether `source` uses names that only CommonJS has. */
export function usesCommonJs(source: string): boolean {
  return COMMONJS_NAMES.test(source)
}

/** Reports whether `source` compiles as CommonJS. */
export function compilesAsCommonJs(source: string): boolean {
  try {
    compileFunction(source, ['exports', 'require', 'module', '__filename', '__dirname'])
    return true
  } catch {
    return false
  }
}

function packageType(directory: string): ModuleKind {
  const type = basename(directory) === 'node_modules' ? null : typeIn(join(directory, 'package.json'))
  const above = dirname(directory)
  if (type === undefined && above !== directory) return packageType(above)
  return type === 'module' || type === 'commonjs' ? type : 'unsaid'
}

/** @returns undefined if there is no such file; null if it has no "type", or is no JSON, as Node itself will report */
function typeIn(file: string): unknown {
  try {
    return property(JSON.parse(readFileSync(file, 'utf8')), 'type') ?? null
  } catch (error) {
    return error instanceof SyntaxError ? null : undefined
  }
}
