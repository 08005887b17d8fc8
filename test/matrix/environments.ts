import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../helpers/root.js'
import { run } from '../helpers/run.js'

/** What the virtual environments are made by: `python3` on PATH if nothing else is said. */
export const base = process.env.RELEASES_PYTHON ?? 'python3'

/** Where they are kept from run to run. */
export const CACHE = join(root, '.cache/python')

/** The environment of pip and of what is like it: how PyPI is reached from here. */
const passed = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(PIP_|UV_|POETRY_|SSL_|REQUESTS_|https?_proxy$|no_proxy$)/i.test(name),
  ),
) as Record<string, string>

/** Runs a tool that may ask PyPI. */
export function runTool(command: readonly string[], cwd = CACHE, env: Record<string, string> = {}): Promise<string> {
  return run(command, { cwd, env: { ...passed, ...env } })
}

/**
 * A virtual environment with the newest releases that these requirements allow.
 * @returns its directory
 * @throws Error with what pip said, if PyPI is not reached for instance
 */
export async function environment(name: string, requirements: readonly string[]): Promise<string> {
  mkdirSync(CACHE, { recursive: true })
  const version = await runTool([base, '-c', 'import platform; print(platform.python_version())'])
  const directory = join(CACHE, `${version.trim()}-${name}`)
  const python = join(directory, 'bin/python')
  if (!existsSync(python)) await runTool([base, '-m', 'venv', directory])
  await runTool([python, '-m', 'pip', 'install', '--quiet', '--upgrade', ...requirements])
  return directory
}

/** What is installed in it: `Django 5.2.8, whitenoise 6.11.0`. */
export async function releases(directory: string, names: readonly string[]): Promise<string> {
  const code =
    'import sys; from importlib.metadata import version as v; print(", ".join(n + " " + v(n) for n in sys.argv[1:]))'
  return (await runTool([join(directory, 'bin/python'), '-c', code, ...names])).trim()
}
