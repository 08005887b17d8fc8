/** Reports whether `value` can have properties: an object or a function. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** The property `name` of `value`; undefined if `value` has no such property, or can have none. */
export function property(value: unknown, name: PropertyKey): unknown {
  return isObject(value) ? Reflect.get(value, name) : undefined
}

/** Reports whether `value` has all of these methods. */
export function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return names.every(name => typeof property(value, name) === 'function')
}
