import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { root } from '../../helpers/root.js'
import type { Bench } from '../measure.js'

/** Debian's, for which uWSGI's plugin is made. */
const SYSTEM = '/usr/bin/python3'
/** The releases that are compared: the figures of two runs are of the same ones. */
const PACKAGES = ['django==5.2.*', 'gunicorn==27.*', 'granian==2.8.*', 'uvicorn==0.54.*', 'uvloop', 'httptools']
/** Its own, so that it is no dependency of the project; git ignores it. */
const folder = '.cache/bench-python'
const directory = `${root}${folder}`
/** Written last: what was interrupted has none. */
const installed = `${directory}/installed`
const PATIENCE = ['--retries', '1', '--timeout', '30']

/** A Python, and the packages that it has. */
export interface Environment {
  readonly python: string
  /** Of its virtual environment, if it has one. */
  readonly prefix: string | undefined
  /** Versions of what can be imported, by the names of the packages. */
  readonly versions: ReadonlyMap<string, string>
}

/**
 * A virtual environment with current releases; where that cannot be had, the Python of the system with its packages, or
 * the one that BENCH_PYTHON names.
 */
export async function findEnvironment(bench: Pick<Bench, 'say' | 'signal'>): Promise<Environment> {
  const { BENCH_PYTHON: wanted } = process.env
  const python = wanted ?? ((await install(bench)) ? `${directory}/bin/python` : SYSTEM)
  const [prefix = '', base, ...lines] = ask(python).trim().split('\n')
  const versions = new Map(lines.map(line => line.split('=') as [string, string]))
  return { python, prefix: prefix === base ? undefined : prefix, versions }
}

/** @returns whether the virtual environment is there */
async function install({ say, signal }: Pick<Bench, 'say' | 'signal'>): Promise<boolean> {
  const packages = PACKAGES.join(' ')
  if (existsSync(installed)) return true
  say(`pip installs ${packages} into ${folder}`)
  rmSync(directory, { recursive: true, force: true })
  // Copied, so that the memory of its processes is shared with no other Python of the machine.
  const failure =
    (await failureOf([SYSTEM, '-m', 'venv', '--copies', directory], signal)) ??
    (await failureOf([`${directory}/bin/python`, '-m', 'pip', 'install', '-q', ...PATIENCE, ...PACKAGES], signal))
  if (failure === undefined) {
    writeFileSync(installed, packages)
    return true
  }
  say(`No virtual environment with current releases, so the packages of ${SYSTEM} are compared: ${failure}`)
  return false
}

/** Runs a command. @returns what it said if it failed */
async function failureOf([command = '', ...args]: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const child = spawn(command, args, { signal, stdio: ['ignore', 'ignore', 'pipe'] })
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  return code === 0 ? undefined : `${command} ${args.join(' ')} ended with ${code}: ${said.trim().split('\n').at(-1)}`
}

const QUESTION = `
import sys
print(sys.prefix, sys.base_prefix, sep='\\n')
print('Python', sys.version.split()[0], sep='=')
from importlib.metadata import distribution
for name in 'Django', 'gunicorn', 'granian', 'uvicorn', 'uvloop', 'httptools':
    try:
        print(name, distribution(name).version, sep='=')
    except ImportError:
        pass
`

/** @throws Error if it is no Python */
function ask(python: string): string {
  const { stdout, stderr, status, error } = spawnSync(python, ['-c', QUESTION], { encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${python} does not run: ${error?.message ?? stderr}`)
}
