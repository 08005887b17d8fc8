#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { workingDirectory } from '../config/sources/env.js'
import { runCommand } from '../lib/command.js'
import { ExitCode, toError, UnicornError } from '../lib/errors.js'

const sources = { argv: process.argv.slice(2), env: process.env, cwd: workingDirectory(process.env, process.cwd()) }
const processes = {
  exec: fileURLToPath(new URL('./worker.cjs', import.meta.url)),
  commandLine: { ...sources, argv: [process.execPath, ...process.execArgv, ...process.argv.slice(1)] },
}

runCommand(sources, processes, text => process.stdout.write(text)).then(exit, error => {
  const isOurs = error instanceof UnicornError
  process.stderr.write(`unicorn: ${isOurs ? error.message : toError(error).stack}\n`)
  exit(isOurs ? error.exitCode : ExitCode.refused)
})

function exit(code: ExitCode): never {
  process.exit(code)
}
