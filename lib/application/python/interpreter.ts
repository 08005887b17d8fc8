import { execFile } from 'node:child_process'
import { existsSync, readlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Interpreter } from '../../../config/interpreter.js'
import { ExitCode, errorCode, read, UnicornError } from '../../errors.js'

const run = promisify(execFile)

/** The oldest that child.py runs on. */
const OLDEST = [3, 8] as const
/** For how long an interpreter may take to say what it is, in milliseconds: a shim of pyenv takes a second. */
const LONGEST = 30_000
const FOLDERS = ['.venv', 'venv', 'env']
/** Why a Python is taken that no environment has brought. */
export const ON_PATH = 'PATH'
const SAY = 'import sys; print(".".join(map(str, sys.version_info[:3]))); print(sys.executable)'

/** Where an interpreter may be, in the order in which it is looked for. */
interface Candidate {
  readonly command: string
  readonly why: string
  /** Of a virtual environment. */
  readonly folder?: string
  /** Whether the next one is looked at if it is not there. */
  readonly mayLack?: boolean
}

/** What decides which Python is taken. */
export interface Surroundings {
  /** The setting `python`. */
  readonly python: string | undefined
  /** The directory of the application. */
  readonly directory: string
  /** The environment of the workers. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Finds the Python that is to run an application, and asks it for its version.
 * @throws UnicornError with exit code 1 if there is none, or only one that is too old or broken
 */
export async function findInterpreter(surroundings: Surroundings): Promise<Interpreter> {
  const found = await candidates(surroundings)
  for (const candidate of found) {
    const interpreter = await ask(candidate, surroundings)
    if (interpreter) return interpreter
  }
  const { directory } = surroundings
  const looked = `looked for VIRTUAL_ENV, for ${FOLDERS.join(', ')} in ${directory} and above it, CONDA_PREFIX, python3 and python on PATH`
  throw refusal(`no Python was found: ${looked}; name one by --python PATH`, 'none')
}

async function candidates({ python, directory, env }: Surroundings): Promise<readonly Candidate[]> {
  if (python !== undefined) {
    const folder = resolve(directory, python)
    return [isVirtual(folder) ? inFolder(folder, '--python') : { command: python, why: '--python' }]
  }
  const active = env.VIRTUAL_ENV
  // That it was activated is a decision: a broken one is an error, not a reason for another.
  if (active) return [inFolder(resolve(directory, active), `VIRTUAL_ENV ${active}`)]
  const folder = [directory, dirname(directory)].flatMap(each => FOLDERS.map(name => join(each, name))).find(isVirtual)
  if (folder !== undefined) return [inFolder(folder, folder)]
  const managed = await managedBy(directory, env)
  if (managed) return [managed]
  const conda = env.CONDA_PREFIX
  return [
    ...(conda ? [{ command: join(conda, 'bin', 'python'), why: `CONDA_PREFIX ${conda}`, mayLack: true }] : []),
    { command: 'python3', why: ON_PATH, mayLack: true },
    { command: 'python', why: ON_PATH, mayLack: true },
  ]
}

function inFolder(folder: string, why: string): Candidate {
  return { command: join(folder, 'bin', 'python'), why, folder }
}

function isVirtual(folder: string): boolean {
  return existsSync(join(folder, 'pyvenv.cfg'))
}

/** The environment that Poetry or Pipenv keeps elsewhere for a project. */
async function managedBy(directory: string, env: Surroundings['env']): Promise<Candidate | undefined> {
  const tools = [
    { file: 'poetry.lock', tool: 'poetry', args: ['env', 'info', '--executable'] },
    { file: 'Pipfile.lock', tool: 'pipenv', args: ['--py'] },
  ]
  for (const { file, tool, args } of tools) {
    if (!existsSync(join(directory, file))) continue
    try {
      const { stdout } = await run(tool, args, { cwd: directory, env, timeout: LONGEST })
      const command = stdout.trim().split('\n').at(-1) ?? ''
      if (command !== '') return { command, why: tool }
    } catch {
      // It is not installed here, or has made no environment: what else there is may do.
    }
  }
  return undefined
}

/** @returns undefined if it is not there, and need not be */
async function ask(candidate: Candidate, { directory, env }: Surroundings): Promise<Interpreter | undefined> {
  const { command, why, mayLack } = candidate
  try {
    const { stdout } = await run(command, ['-c', SAY], { cwd: directory, env, timeout: LONGEST })
    const [version = '', executable = command] = stdout.trim().split('\n')
    if (isTooOld(version))
      throw refusal(`${command} (${why}) is Python ${version}, wanted ${OLDEST.join('.')} or later`, version)
    return { executable, version, why }
  } catch (error) {
    if (error instanceof UnicornError) throw error
    const isMissing = errorCode(error) === 'ENOENT'
    if (isMissing && mayLack) return undefined
    throw refusal(isMissing ? missing(candidate) : broken(candidate, error), command, error)
  }
}

function missing({ command, why, folder }: Candidate): string {
  if (folder === undefined) return `${why}: found no such command: ${command}`
  if (!existsSync(folder)) {
    return `${why}: there is no such directory; was the virtual environment moved or removed? Activate the one that is meant, or name a Python by --python PATH`
  }
  const target = targetOf(command)
  const found = target === undefined ? 'is not there' : `leads to ${target}, which is not there`
  return `the virtual environment ${folder} is broken: ${command} ${found}; make it anew, by python3 -m venv --clear ${folder} for instance, and install its packages`
}

function broken({ command, why }: Candidate, error: unknown): string {
  const said = String(read(error, 'stderr') ?? '').trim() || String(read(error, 'message'))
  return `${command} (${why}) is no Python that runs: ${said}`
}

/** Where a symbolic link leads, at its last step. */
function targetOf(link: string): string | undefined {
  try {
    const target = resolve(dirname(link), readlinkSync(link))
    return targetOf(target) ?? target
  } catch {
    return undefined
  }
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
}

function refusal(message: string, found: string, error?: unknown): UnicornError {
  return new UnicornError(
    message,
    { found, wanted: `Python ${OLDEST.join('.')} or later`, where: 'python', error },
    ExitCode.refused,
  )
}
