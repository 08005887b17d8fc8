import { CEILING } from './log.js'

/** The pause between two looks, in milliseconds. */
const PAUSE = 10

/** Waits for a fact that no event announces. This is the one place where tests poll. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + CEILING
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${CEILING} ms passed, and still not: ${what}`)
    await new Promise(resolve => setTimeout(resolve, PAUSE))
  }
}
