import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** Starts `child.ts` (compiled) in one of its modes. */
export function startChild(
  args: readonly string[],
  stdio: StdioOptions = ['ignore', 'ignore', 'inherit'],
): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, 'child.js'), ...args], { stdio })
}

/** The exit code, once the child and its pipes are closed. */
export async function closed(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, 'close')
  return code
}

/** All that comes out of a child's pipe; called before the child is awaited. */
export async function textOf(pipe: Readable | null): Promise<string> {
  return pipe === null ? '' : text(pipe)
}

/**
 * Checks the lines of `child.ts`: `x3:xxx` is whole, anything else is torn or mixed. Returns those that are not whole.
 */
export function brokenLines(lines: readonly string[]): string[] {
  return lines.filter(line => {
    const [, letter = '', length = '', rest = ''] = /^(\w)(\d+):(\w*)$/.exec(line) ?? []
    return letter === '' || rest !== letter.repeat(Number(length))
  })
}
