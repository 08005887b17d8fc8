#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { printConfig } from '../config/print.js'
import { resolveConfig } from '../config/resolve.js'
import { readCommandLine } from '../config/sources/cli.js'
import { workingDirectory } from '../config/sources/env.js'
import { version } from '../config/version.js'
import { Arbiter } from '../lib/arbiter/arbiter.js'
import { checkApplication } from '../lib/arbiter/check.js'
import { ExitCode, toError, UnicornError } from '../lib/errors.js'

const sources = { argv: process.argv.slice(2), env: process.env, cwd: workingDirectory(process.env, process.cwd()) }
const options = {
  exec: fileURLToPath(new URL('./worker.js', import.meta.url)),
  version: version(),
  reconfigure: () => resolveConfig(sources),
}
try {
  process.exit(await main())
} catch (error) {
  process.stderr.write(`unicorn: ${error instanceof UnicornError ? error.message : toError(error).stack}\n`)
  process.exit(error instanceof UnicornError ? error.exitCode : ExitCode.refused)
}

async function main(): Promise<ExitCode> {
  const line = readCommandLine(sources.argv)
  const answer = line.kind === 'answer' ? line.output : undefined
  if (answer !== undefined) return print(answer)
  const resolved = await resolveConfig(sources)
  if (resolved.config.printConfig) return print(printConfig(resolved))
  if (resolved.config.checkConfig) return checkApplication(resolved, options)
  return new Arbiter(resolved, options).run()
}

function print(text: string): ExitCode {
  process.stdout.write(text)
  return ExitCode.ok
}
