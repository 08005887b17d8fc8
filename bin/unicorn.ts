import { fileURLToPath } from 'node:url'
import { ProcessEvents } from '../lib/arbiter/signals.js'
import { ExitCode, UnicornError } from '../lib/errors.js'
import { failureLine } from '../lib/logging/failure-line.js'
import { leaveClosedTerminal } from '../lib/sys/closed-terminal.js'
import { release } from '../lib/sys/confinement.js'

// Before the rest of the program is loaded: a signal may come meanwhile.
const events = new ProcessEvents(fail)
const given = { argv: process.argv.slice(2), env: process.env }
const processes = {
  exec: fileURLToPath(new URL('./worker.cjs', import.meta.url)),
  commandLine: [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
  events,
}
const out = { print: (text: string) => process.stdout.write(text), end: () => exit(ExitCode.ok) }

import('../lib/command.js').then(({ runCommand }) => runCommand(given, processes, out)).then(exit, fail)

function fail(error: unknown): never {
  process.stderr.write(failureLine(error))
  exit(error instanceof UnicornError ? error.exitCode : ExitCode.refused)
}

function exit(code: ExitCode): never {
  release()
  leaveClosedTerminal()
  process.exit(code)
}
