import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ExitCode, errorCode, toError, UnicornError } from '../../errors.js'
import { compileReport } from '../../sys/compile-report.js'
import { type CompileFault, compileFault, compileStack } from './compile-fault.js'

/** What is often named by mistake, and is no program. */
const DATA = new Set(['.json', '.node', '.wasm'])

/** A frame of Node's own, or of jiti: where a stack has no others, it shows the loader and nothing of the user's. */
const LOADER_FRAME = /^ {4}at .*(?:node:|[\\/]node_modules[\\/]jiti[\\/])/

/**
 * Says what became of a module that failed to load: a syntax error with its place and its line, a module that is missing with the one
 * that imports it, anything else in its own words.
 * @returns an error with exit code 4; its cause keeps what was thrown
 */
export async function loadFailure(file: string, thrown: unknown): Promise<UnicornError> {
  const error = toError(thrown)
  if (DATA.has(extname(file))) return noProgram(file, thrown)
  const fault = await findFault(file, error)
  const what = fault ? [placeOf(fault), error.message, fault.text.trim()].filter(Boolean).join(': ') : describe(error)
  return new UnicornError(
    `${file} failed to load: ${what}`,
    { where: fault ? placeOf(fault) : file, error: fault ? withPlace(error, fault) : thrown },
    ExitCode.appLoad,
  )
}

function noProgram(file: string, error: unknown): UnicornError {
  const extension = extname(file)
  return new UnicornError(
    `${file} is no module that could hold an application: found ${extension}, wanted .ts, .mts, .cts, .js, .mjs or .cjs`,
    { found: extension, wanted: 'a module', where: file, error },
    ExitCode.appLoad,
  )
}

async function findFault(file: string, error: Error): Promise<CompileFault | undefined> {
  if (!(error instanceof SyntaxError)) return undefined
  const fault = compileFault(error.stack)
  if (fault || !isOfLoader(error)) return fault
  return compileFault(await compileReport(pathToFileURL(file).href))
}

/** Not one of the program's own making, as from `JSON.parse`. */
function isOfLoader({ stack }: Error): boolean {
  const frames = String(stack)
    .split('\n')
    .filter(line => line.startsWith('    at '))
  return frames.every(frame => LOADER_FRAME.test(frame))
}

function withPlace(error: Error, fault: CompileFault): Error {
  if (!isOfLoader(error)) return error
  const shown = new SyntaxError(error.message)
  shown.stack = compileStack(fault, error.message)
  return shown
}

function placeOf({ file, line, column }: CompileFault): string {
  return [file, line, column].filter(part => part !== undefined).join(':')
}

/** `require` tells in lines of their own who wanted the module, the nearest first. */
function describe(error: Error): string {
  const [first = '', heading, by] = error.message.split('\n')
  if (errorCode(error) !== 'MODULE_NOT_FOUND' || heading !== 'Require stack:' || by === undefined) return error.message
  return `${first}, imported by ${by.replace(/^- /, '')}`
}
