import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../helpers/root.js'

/**
 * Runs the tests of the examples with releases from PyPI, in virtual environments under `.cache`, as users have them.
 * `npm test` has Debian's packages, which are there without PyPI.
 */

interface Release {
  readonly name: string
  readonly packages: readonly string[]
  /** Of this directory. */
  readonly tests: readonly string[]
}

const RELEASES: readonly Release[] = [
  { name: 'django-5.2', packages: ['Django==5.2.*', 'whitenoise'], tests: ['django', 'startproject', 'browser'] },
  { name: 'django-4.2', packages: ['Django==4.2.*', 'whitenoise'], tests: ['django', 'startproject', 'browser'] },
  { name: 'flask-3', packages: ['Flask==3.*'], tests: ['flask'] },
  { name: 'fastapi', packages: ['fastapi'], tests: ['fastapi'] },
]

/** A Python that can make virtual environments, with pip in them. */
const BASE = process.env.RELEASES_PYTHON ?? 'python3'

const failures = RELEASES.flatMap(release => {
  const python = environment(release)
  console.log(`# ${release.name}: ${version(python, release)}`)
  return release.tests.filter(name => !succeeds(python, name)).map(name => `${release.name}: ${name}`)
})
console.log(failures.length === 0 ? 'all passed' : `failed: ${failures.join(', ')}`)
process.exitCode = failures.length === 0 ? 0 : 1

/** @returns its interpreter */
function environment({ name, packages }: Release): string {
  const directory = join(root, '.cache/python', name)
  const python = join(directory, 'bin/python')
  if (!existsSync(python)) run(BASE, ['-m', 'venv', directory])
  run(python, ['-m', 'pip', 'install', '--quiet', '--upgrade', ...packages])
  return python
}

function version(python: string, { packages }: Release): string {
  const [name = ''] = packages[0]?.split('==') ?? []
  const say = `import platform; from importlib.metadata import version; print(version("${name}"), "on Python", platform.python_version())`
  return run(python, ['-c', say])
}

function succeeds(python: string, name: string): boolean {
  const file = join(root, 'dist/test/python', `${name}.test.js`)
  const env = { ...process.env, TEST_PYTHON: python, TAP_TIMEOUT: '300' }
  const { status, stdout } = spawnSync(process.execPath, [file], { cwd: root, env, encoding: 'utf8' })
  console.log(status === 0 ? `ok ${name}` : stdout)
  return status === 0
}

/** @returns what it printed */
function run(file: string, args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${error?.message ?? stderr}`)
  return stdout.trim()
}
