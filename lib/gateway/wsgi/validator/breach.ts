import { AssertionError } from 'node:assert'
import { ApplicationBreach } from '../../failure.js'

/** @throws AssertionError that names the breach, if `holds` is false */
export function demand(holds: boolean, breach: string): asserts holds {
  if (!holds) throw new AssertionError({ message: `wsgi: ${breach}`, stackStartFn: demand })
}

/** A value in an error message, short. */
export function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : Object.prototype.toString.call(value)
}

/** The rules of the server, with the errors of the validator. */
export function lawful<Result>(check: () => Result): Result {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof ApplicationBreach)) throw error
    demand(false, error.message)
  }
}
