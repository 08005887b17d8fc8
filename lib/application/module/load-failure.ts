import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ExitCode, errorCode, toError, UnicornError } from '../../errors.js'
import { compileReport } from '../../sys/compile-report.js'
import { type CompileFault, compileFault, compileStack } from './compile-fault.js'
import { OWN_DEPENDENCIES } from './own-package.js'

/** Extensions of files that are often named by mistake. */
const DATA = new Set(['.json', '.node', '.wasm'])

/**
 * Makes the error for a module that failed to load. It gives the place and the line of a syntax error, and the importer
 * of a missing module.
 * @returns an error with exit code 4; its cause keeps `thrown`
 */
export async function loadFailure(file: string, thrown: unknown): Promise<UnicornError> {
  const error = toError(thrown)
  if (DATA.has(extname(file))) return notAProgram(file, thrown)
  const fault = await findFault(file, error)
  const what = fault ? [placeOf(fault), error.message, fault.text.trim()].filter(Boolean).join(': ') : describe(error)
  return new UnicornError(
    `${file} failed to load: ${what}`,
    { where: fault ? placeOf(fault) : file, error: fault ? withPlace(error, fault) : thrown },
    ExitCode.appLoad,
  )
}

function notAProgram(file: string, error: unknown): UnicornError {
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

/** Reports whether a loader threw `error`, not the program itself, as `JSON.parse` in it does. */
function isOfLoader({ stack }: Error): boolean {
  const frames = String(stack)
    .split('\n')
    .filter(line => line.startsWith('    at '))
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
