import { constants } from 'node:os'
import { isatty } from 'node:tty'
import { workingDirectory } from '../config/sources/env.js'
import { toError } from '../lib/errors.js'
import { release } from '../lib/sys/confinement.js'
import { Interrupted } from '../lib/unicornctl/failure.js'
import { runUnicornctl } from '../lib/unicornctl/unicornctl.js'

/** Bytes of a command whose output is not wanted any more: as if by PIPE, quietly. */
const NOT_WANTED = 128 + constants.signals.SIGPIPE

const ending = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => ending.abort(new Interrupted(constants.signals[signal])))
}
const print = (piece: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => process.stdout.write(piece, error => (error ? reject(error) : resolve())))
const warn = (line: string): void => void process.stderr.write(`unicornctl: ${line}\n`)
process.stdout.on('error', error => {
  const isWanted = !('code' in error) || error.code !== 'EPIPE'
  if (isWanted) warn(`standard output cannot be written: ${error.message}`)
  exit(isWanted ? 1 : NOT_WANTED)
})
const hasTerminal = isatty(0) && isatty(1) && process.env.TERM !== 'dumb'

runUnicornctl(process.argv.slice(2), {
  env: process.env,
  cwd: workingDirectory(process.env),
  print,
  warn,
  signal: ending.signal,
  terminal: hasTerminal ? { input: process.stdin, output: process.stdout } : undefined,
}).then(exit, error => {
  warn(toError(error).stack ?? String(error))
  exit(1)
})

/** A config file that was read may not end this process, but this may. */
function exit(code: number): never {
  release()
  process.exit(code)
}
