import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Not one that is commented out. */
const JSX_IMPORT_SOURCE = /^(?!\s*\/\/).*"jsxImportSource"\s*:\s*"(?<source>[^"]+)"/m

/** Whether the paths of the tsconfig.json that holds for `file` may say where modules are: one that extends another may bring them. */
export function mayHavePaths(file: string): boolean {
  return /"(?:paths|baseUrl|extends)"/.test(nearest(dirname(file)))
}

/** Whose elements the JSX in `file` makes, as the tsconfig.json says that holds for it; undefined for React's. */
export function jsxImportSource(file: string): string | undefined {
  return JSX_IMPORT_SOURCE.exec(nearest(dirname(file)))?.groups?.source
}

/** The text of the nearest tsconfig.json, which has comments in it; empty where there is none. */
function nearest(directory: string): string {
  const file = join(directory, 'tsconfig.json')
  if (existsSync(file)) return readFileSync(file, 'utf8')
  const above = dirname(directory)
  return above === directory ? '' : nearest(above)
}
