import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'

type Ending = () => unknown

const endings = new WeakMap<Test, Ending[]>()

/**
 * Runs `ending` when the test is over: the last registered ending first, each awaited, and all of them even if one
 * throws (tap's own teardown stops at the first error, and would leave processes behind).
 */
export function atEnd(t: Test, ending: Ending): void {
  endingsOf(t).push(ending)
}

/**
 * As `t.testdir()`, but removed after the endings: tap removes a directory that was made first before its teardown. The
 * names of files may have directories in them.
 */
export function testdir(t: Test, content: Readonly<Record<string, string>>): string {
  endingsOf(t)
  const directory = t.testdir({})
  for (const [name, text] of Object.entries(content)) {
    const path = join(directory, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return directory
}

function endingsOf(t: Test): Ending[] {
  const known = endings.get(t)
  if (known) return known
  const list: Ending[] = []
  endings.set(t, list)
  t.teardown(() => runAll(list))
  return list
}

async function runAll(list: Ending[]): Promise<void> {
  const errors: unknown[] = []
  for (let ending = list.pop(); ending; ending = list.pop()) {
    try {
      await ending()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('\n'))
}
