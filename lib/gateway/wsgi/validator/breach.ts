import { AssertionError } from 'node:assert'
import { ApplicationBreach } from '../../failure.js'

/** @throws AssertionError that names the breach, if `holds` is false */
export function demand(holds: boolean, breach: string): asserts holds {
  if (!holds) throw new AssertionError({ message: `wsgi: ${breach}`, stackStartFn: demand })
}

/** Shows a value in an error message, shortened. */
export function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : Object.prototype.toString.call(value)
}

/** Checks a rule that the server has too, whose ApplicationBreach becomes an AssertionError. */
export function lawful<Result>(check: () => Result): Result {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof ApplicationBreach)) throw error
    demand(false, error.message)
  }
}
