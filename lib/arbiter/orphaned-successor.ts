import { type SpawnOptions, spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { UnicornError } from '../errors.js'
import { property } from '../sys/objects.js'
import { startTimeOf } from '../sys/process-stat.js'

/**
 * Starts a process with what it has inherited, says its number, and ends. The last descriptor is for the answer, and is
 * not passed on: it would stay open there. Node's options are the process's own, and nothing for this one.
 */
const RELAY = `
const { spawn } = require('node:child_process')
const { argv: [, order], env } = process
const { command, options, answer } = JSON.parse(order)
const stdio = [...Array.from({ length: answer }, (_, fd) => fd), 'ignore']
const say = found => require('node:fs').writeSync(answer, JSON.stringify(found))
try {
  const child = spawn(command[0], command.slice(1), { env: { ...env, ...options }, stdio })
  child.on('error', error => say({ error: error.message }))
  child.unref()
  if (child.pid !== undefined) say({ pid: child.pid })
} catch (error) {
  say({ error: error.message })
}
`

/** A process that is no child of this one. */
export interface Orphan {
  readonly pid: number
  readonly hasEnded: () => boolean
}

/**
 * Starts a process by way of another that ends at once, so that its parent is the service manager: systemd waits for
 * the end of a main process only if that is its own child.
 * @param inherited  descriptors, from 3 on
 * @throws UnicornError that says why it could not be started; system errors
 */
export async function startOrphan(
  command: readonly string[],
  { cwd, env, inherited }: Pick<SpawnOptions, 'cwd' | 'env'> & { inherited: readonly number[] },
): Promise<Orphan> {
  const { NODE_OPTIONS, ...others } = env ?? {}
  const answer = 3 + inherited.length
  const order = JSON.stringify({ command, options: { NODE_OPTIONS }, answer })
  const relay = spawn(process.execPath, ['-e', RELAY, order], {
    cwd,
    env: others,
    stdio: ['inherit', 'inherit', 'inherit', ...inherited, 'pipe'],
  })
  relay.unref()
  const failed = new Promise<never>((_, reject) => relay.on('error', reject))
  const pipe = relay.stdio[answer]
  if (!pipe || !('read' in pipe)) throw new UnicornError('the new arbiter cannot be started: no pipe')
  const found: unknown = JSON.parse((await Promise.race([text(pipe), failed])) || '{}')
  const pid = property(found, 'pid')
  if (typeof pid !== 'number') {
    throw new UnicornError(`the new arbiter cannot be started: ${property(found, 'error') ?? 'no answer'}`)
  }
  const since = startTimeOf(pid)
  return { pid, hasEnded: () => since === undefined || startTimeOf(pid) !== since }
}
