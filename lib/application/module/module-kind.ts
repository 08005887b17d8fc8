import { readFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { compileFunction } from 'node:vm'

/** What Node takes a file for; `unsaid` where its syntax decides. */
export type ModuleKind = 'commonjs' | 'module' | 'unsaid'

const TYPESCRIPT = /\.(?:[cm]?ts|tsx)$/

/** What only CommonJS has: it works in a file that TypeScript compiles to CommonJS, whatever its syntax looks like. */
const COMMONJS_NAMES = /\brequire\s*[(.]|\bmodule\.exports\b|\bexports\.|\b__(?:dir|file)name\b/

export function isTypeScript(file: string): boolean {
  return TYPESCRIPT.test(file)
}

/** By the extension, else by the "type" of the nearest package.json (Node, "Determining module system"). */
export function moduleKind(file: string): ModuleKind {
  const extension = extname(file)
  if (/^\.c[jt]s$/.test(extension)) return 'commonjs'
  return ['', '.js', '.ts', '.jsx', '.tsx'].includes(extension) ? packageType(dirname(file)) : 'module'
}

/** Whether Node would run this JavaScript as CommonJS: where nothing says so, it is what compiles as that. */
export function isCommonJs(file: string): boolean {
  const kind = moduleKind(file)
  return kind === 'unsaid' ? compilesAsCommonJs(readFileSync(file, 'utf8')) : kind === 'commonjs'
}

/** Whether it is written for a compiler that makes CommonJS of it, with `import` and `require` side by side. */
export function mixesModuleSystems(file: string): boolean {
  return moduleKind(file) === 'unsaid' && COMMONJS_NAMES.test(readFileSync(file, 'utf8'))
}

function compilesAsCommonJs(source: string): boolean {
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

/** Undefined where there is no such file. One that is no JSON is for Node to complain about. */
function typeIn(file: string): unknown {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof manifest === 'object' && manifest !== null && 'type' in manifest ? manifest.type : null
  } catch (error) {
    return error instanceof SyntaxError ? null : undefined
  }
}
