import { AssertionError } from 'node:assert'

/** @throws AssertionError that names the breach, where `holds` is false */
export function demand(holds: boolean, breach: string): asserts holds {
  if (!holds) throw new AssertionError({ message: `wsgi: ${breach}`, stackStartFn: demand })
}

/** A value in an error message, short. */
export function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : Object.prototype.toString.call(value)
}
