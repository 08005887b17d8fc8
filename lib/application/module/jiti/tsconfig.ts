import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parse } from 'jsonc-parser'

/** The options of the TypeScript compiler that matter to a loader. */
export interface CompilerOptions {
  readonly paths?: unknown
  readonly baseUrl?: unknown
  /** The package whose elements JSX makes. */
  readonly jsxImportSource?: string
}

interface TsConfig {
  readonly extends?: string | readonly string[]
  readonly compilerOptions?: CompilerOptions
}

/** Reads the options of the nearest tsconfig.json for `file`, and of the files that it extends if they exist. */
export function compilerOptions(file: string): CompilerOptions {
  const directory = dirname(file)
  const config = join(directory, 'tsconfig.json')
  if (existsSync(config)) return optionsIn(config, [])
  return directory === dirname(directory) ? {} : compilerOptions(directory)
}

function optionsIn(file: string, extenders: readonly string[]): CompilerOptions {
  const config: TsConfig | undefined = parse(readFileSync(file, 'utf8'))
  const inherited = [config?.extends ?? []].flat().map(base => {
    const found = locate(base, file)
    return found === undefined || extenders.includes(found) ? {} : optionsIn(found, [...extenders, file])
  })
  return Object.assign({}, ...inherited, config?.compilerOptions)
}

/** A path, with or without `.json`, or a package, which may hold a tsconfig.json (TypeScript, "TSConfig: extends"). */
function locate(base: string, file: string): string | undefined {
  const { resolve } = createRequire(file)
  for (const path of [base, `${base}/tsconfig.json`]) {
    try {
      return resolve(path)
    } catch {}
  }
  return undefined
}
