import { basename } from 'node:path'

/** Says what a value is, in a few words, for an error message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'function') return isClass(value) ? `the class ${value.name}` : `a function ${value.name}`.trim()
  if (typeof value !== 'object') return `a ${typeof value}`
  const name: unknown = Reflect.get(value, 'constructor')
  return `an object of class ${typeof name === 'function' ? name.name : 'none'}`
}

export function isClass(value: object): boolean {
  return Function.prototype.toString.call(value).startsWith('class')
}

/** Names files in a few words: the first by its name, and how many more there are. */
export function describeFiles([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? basename(first) : `${basename(first)} and ${others.length} more`
}
