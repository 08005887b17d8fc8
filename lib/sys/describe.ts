import { basename } from 'node:path'
import { read, shortened } from '../errors.js'

/** Says what a value is, in a few words, for an error message. Never throws, whatever the value is. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'function') return `${isClass(value) ? 'the class' : 'a function'} ${nameOf(value)}`.trim()
  if (typeof value !== 'object') return `a ${typeof value}`
  const made = read(value, 'constructor')
  return `an object of class ${typeof made === 'function' ? nameOf(made) : 'none'}`
}

export function isClass(value: object): boolean {
  return Function.prototype.toString.call(value).startsWith('class')
}

function nameOf(value: object): string {
  const name = read(value, 'name')
  return typeof name === 'string' ? shortened(name) : ''
}

/** Names files in a few words: the first by its name, and how many more there are. */
export function describeFiles([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? basename(first) : `${basename(first)} and ${others.length} more`
}
