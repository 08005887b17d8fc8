import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { testdir } from './at-end.js'
import { requireCommand } from './require-command.js'
import { root } from './root.js'
import { type ServerOptions, spawnServer, startServer } from './server.js'
import type { Server } from './server-process.js'

/** The system's Python, for which `.ci/run` installs Debian's packages; the first `python3` on PATH may be another. */
export const python = process.env.TEST_PYTHON ?? '/usr/bin/python3'

/** @throws Error if a module that a test needs is not installed */
export function requireModules(...modules: readonly string[]): void {
  requireCommand([python, '-c', modules.map(module => `import ${module}`).join('\n')])
}

/** The content of an application in `test/fixtures/python`. */
export function fixture(name: string): string {
  return readFileSync(`${root}test/fixtures/python/${name}`, 'utf8')
}

/** @param app  the content of app.py @returns a server that is ready */
export function startPython(t: Test, app: string, options: ServerOptions = {}): Promise<Server> {
  return startServer(t, pythonOptions(t, app, options))
}

/** The same, for a server that may refuse to start. */
export function spawnPython(t: Test, app: string, options: ServerOptions = {}): Server {
  return spawnServer(t, pythonOptions(t, app, options))
}

function pythonOptions(t: Test, app: string, options: ServerOptions): ServerOptions {
  const { args = [], files = {}, workers = 1, ...others } = options
  const more = ['--python', python, ...(workers === 1 ? [] : ['--workers', String(workers)])]
  // One front, however many processes: `workers` would be how many of the fronts the start waits for.
  return { cwd: testdir(t, { 'app.py': app, ...files }), ...others, args: [...more, ...args] }
}
