import { Client } from './client.js'
import type { Surroundings } from './command.js'
import { readArguments } from './command-line.js'
import { completion } from './completion.js'
import { CtlExit, Failure } from './failure.js'
import { findSocket } from './find-socket.js'

/**
 * Runs `unicornctl`.
 * @param argv  the arguments after the script's name
 * @returns the exit code
 */
export async function runUnicornctl(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    await run(argv, surroundings)
    return CtlExit.done
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { message, exitCode, answer } = error
    surroundings.warn(message)
    if (argv.includes('--json'))
      await surroundings.print(asJson({ result: 'failed', why: message, ...answer, exitCode }))
    return exitCode
  }
}

async function run(argv: readonly string[], surroundings: Surroundings): Promise<void> {
  const { print, signal } = surroundings
  const request = readArguments(argv)
  if (request.kind === 'answer') return print(request.output)
  if (request.kind === 'completion') return print(completion(request.program, request.shell))
  const { row, args, options, timeout = row.patience(options) } = request
  const path = await findSocket(options, surroundings)
  const signals = timeout === undefined ? [signal] : [signal, AbortSignal.timeout(timeout)]
  const client = new Client(path, AbortSignal.any(signals))
  const report = await row.run({ client, args, options, surroundings })
  if (report) await print(options.has('json') ? asJson(report.json) : report.text)
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}
