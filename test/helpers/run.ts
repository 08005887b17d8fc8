import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { type SpawnOptions, spawnClean } from './spawn.js'

/**
 * Runs a command to its end. Returns what it wrote to its standard output; throws with all that it wrote if it fails.
 */
export async function run(command: readonly string[], options: SpawnOptions): Promise<string> {
  const child = spawnClean(command, options)
  if (!child.stdout || !child.stderr) throw new Error('no output')
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}\n${output}\n${errors}`)
  return output
}
