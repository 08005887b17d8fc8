import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { root } from '../../helpers/root.js'
import { spawnClean } from '../../helpers/spawn.js'
import { OUTCOME } from './outcome.js'

/** The outcome of loading a module in a process of its own. */
export interface Loaded {
  /** The lines that the modules wrote. */
  readonly said: readonly string[]
  /** Its exports. */
  readonly names?: readonly string[]
  /** What its export `application` returned, or else its default export. */
  readonly value?: unknown
  /** The message of the UnicornError that it failed with. */
  readonly error?: string
  readonly exitCode?: number
  /** The stack of that error's cause. */
  readonly stack?: string
  /** The stack of an error of another kind. */
  readonly crash?: string
}

export interface LoadOptions {
  readonly main?: boolean
  readonly env?: Readonly<Record<string, string>>
}

export type Files = Readonly<Record<string, string>>

/** Whether this Node loads TypeScript by itself. */
export const nodeKnowsTypeScript = Boolean(Reflect.get(process.features, 'typescript'))

/** Makes files in a directory outside of this package, so that they find nothing by being inside it. */
export function files(t: Test, contents: Files, name = ''): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'unicorn-load-')))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const base = join(directory, name)
  for (const [path, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(base, path)), { recursive: true })
    writeFileSync(join(base, path), content)
  }
  return base
}

/** Loads a module as a worker does, in a process of its own. */
export async function load(file: string, options: LoadOptions = {}): Promise<Loaded> {
  const [loaded] = await run([file], options)
  if (!loaded) throw new Error('no outcome')
  return loaded
}

/** Loads modules one after the other in one process, which saves the start of as many. */
export function loadEach(modules: readonly string[], options: LoadOptions = {}): Promise<Loaded[]> {
  return run(modules, options)
}

async function run(modules: readonly string[], { main = false, env = {} }: LoadOptions): Promise<Loaded[]> {
  const entry = `${root}dist/test/application/module/load-entry.js`
  const command = [process.execPath, '--no-warnings', entry, main ? 'main' : 'module', ...modules]
  const child = spawnClean(command, { cwd: dirname(modules[0] ?? ''), env })
  if (!child.stdout || !child.stderr) throw new Error('the output is not piped')
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const loaded = outcomesOf(output.trimEnd().split('\n'))
  if (loaded.length !== modules.length) throw new Error(`${loaded.length} outcomes\n${output}\n${errors}`)
  return loaded
}

function outcomesOf(lines: readonly string[]): Loaded[] {
  const loaded: Loaded[] = []
  let said: string[] = []
  for (const line of lines) {
    if (line.startsWith(OUTCOME)) {
      const outcome: Omit<Loaded, 'said'> = JSON.parse(line.slice(OUTCOME.length))
      loaded.push({ ...outcome, said })
      said = []
    } else said.push(line)
  }
  return loaded
}
