import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ExitCode, errorCode, toError, UnicornError } from '../../errors.js'
import { compileReport } from '../../sys/compile-report.js'
import { type CompileFault, compileFault, compileStack } from './compile-fault.js'
import { OWN_DEPENDENCIES } from './own-package.js'

/** Extensions of files that are often named by mistake. */
const DATA = new Set(['.json', '.node', '.wasm'])

/**
 * Makes the error for a module that failed to load, with exit code 4 and `thrown` in its cause. It gives the place and
 * the line of a syntax error, and the importer of a missing module.
 */
export async function loadFailure(file: string, thrown: unknown): Promise<UnicornError> {
  const error = toError(thrown)
  const extension = extname(file)
  if (DATA.has(extension)) {
    return new UnicornError(
      `${file} is no module that could hold an application: found ${extension}, wanted .ts, .mts, .cts, .js, .mjs or .cjs`,
      { found: extension, wanted: 'a module', where: file, error: thrown },
      ExitCode.appLoad,
    )
  }
  const interpreter = error instanceof SyntaxError ? otherInterpreter(file) : undefined
  if (interpreter !== undefined) return noJavaScript(file, interpreter, thrown)
  const fault = error instanceof SyntaxError ? await findFault(file, error) : undefined
  const what = fault ? [placeOf(fault), error.message, fault.text.trim()].filter(Boolean).join(': ') : describe(error)
  return new UnicornError(
    `${file} failed to load: ${what}`,
    { where: fault ? placeOf(fault) : file, error: fault ? withPlace(error, fault) : thrown },
    ExitCode.appLoad,
  )
}

async function findFault(file: string, error: SyntaxError): Promise<CompileFault | undefined> {
  const fault = compileFault(error.stack)
  return fault || !isOfLoader(error) ? fault : compileFault(await compileReport(pathToFileURL(file).href))
}

/** Reports whether a loader threw `error`, not the program itself, as `JSON.parse` in it does. */
function isOfLoader({ stack }: Error): boolean {
  const frames = String(stack).match(/^ {4}at .*/gm) ?? []
  return frames.every(frame => frame.includes('node:') || OWN_DEPENDENCIES.test(frame))
}

/** The stack of a loader's error shows nothing of the program: the place stands in for it. */
function withPlace(error: Error, fault: CompileFault): Error {
  if (!isOfLoader(error)) return error
  const shown = new SyntaxError(error.message)
  shown.stack = compileStack(fault, error.message)
  return shown
}

function placeOf({ file, line, column }: CompileFault): string {
  return [file, line, column].filter(part => part !== undefined).join(':')
}

/** `require` lists in further lines of its message the modules that led to the missing one, the nearest first. */
function describe(error: Error): string {
  const [first = '', heading, by] = error.message.split('\n')
  if (errorCode(error) !== 'MODULE_NOT_FOUND' || heading !== 'Require stack:' || by === undefined) return error.message
  return `${first}, imported by ${by.replace(/^- /, '')}`
}

/** The first line of a script that Node does not run: its interpreter. Others that run JavaScript count as Node. */
const SHEBANG = /^#!\s*(?!.*(?:node|bun|deno|tsx|jiti))(\S.*)/
/** Where a launcher that npm, pnpm or Yarn has made names the JavaScript that it starts. */
const LAUNCHED = /"\$basedir\/([^"$]+)"\s+"\$@"/

function otherInterpreter(file: string): string | undefined {
  return SHEBANG.exec(readFileSync(file, 'utf8'))?.[1]
}

function noJavaScript(file: string, interpreter: string, error: unknown): UnicornError {
  const launched = LAUNCHED.exec(readFileSync(file, 'utf8'))?.[1]
  const target = launched === undefined ? undefined : resolve(dirname(file), launched)
  const wanted = `the JavaScript file that it starts${target !== undefined && existsSync(target) ? `: ${target}` : ''}`
  return new UnicornError(
    `${file} is no JavaScript, but a script for ${interpreter}; wanted ${wanted}`,
    { found: interpreter, wanted, where: file, error },
    ExitCode.appLoad,
  )
}
