#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { workingDirectory } from '../config/sources/env.js'
import { runCommand } from '../lib/command.js'
import { ExitCode, toError, UnicornError } from '../lib/errors.js'

const { argv, env, execPath, execArgv } = process
const sources = { argv: argv.slice(2), env, cwd: workingDirectory(env, process.cwd()) }
const processes = {
  exec: fileURLToPath(new URL('./worker.js', import.meta.url)),
  command: { argv: [execPath, ...execArgv, ...argv.slice(1)], env, cwd: sources.cwd },
}

try {
  process.exit(await runCommand(sources, processes, text => process.stdout.write(text)))
} catch (error) {
  const isOurs = error instanceof UnicornError
  process.stderr.write(`unicorn: ${isOurs ? error.message : toError(error).stack}\n`)
  process.exit(isOurs ? error.exitCode : ExitCode.refused)
}
