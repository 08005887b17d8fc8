import { isToken, isValue } from '../wire/header-rules.js'
import { type HeadersInit, NativeHeaders } from './native.js'

/** Header fields: names and values in turn. */
export type Fields = readonly string[]

export const NO_FIELDS: Fields = []

/** The fields of `new Headers(init)`, which is not made of a plain object. @throws TypeError as that does */
export function fieldsOf(init: unknown): Fields {
  if (init === undefined) return NO_FIELDS
  if (init instanceof NativeHeaders) return listed(init)
  // The native constructor judges what the application gave: it throws if that is illegal.
  return (isPlain(init) ? fieldsOfRecord(init) : undefined) ?? listed(new NativeHeaders(init as HeadersInit))
}

/** Lists all fields, with one Set-Cookie for each cookie (Fetch Standard, "sort and combine"). */
export function listed(headers: Iterable<[string, string]>): string[] {
  const fields: string[] = []
  for (const [name, value] of headers) fields.push(name, value)
  return fields
}

/** @returns undefined if a field is illegal or needs to be trimmed, or a name comes twice */
function fieldsOfRecord(record: Record<string, unknown>): string[] | undefined {
  const fields: string[] = []
  for (const name of Object.keys(record)) {
    const value = record[name]
    if (typeof value !== 'string' || !isToken(name) || !isValue(value) || isPadded(value)) return undefined
    if (fields.length > 0 && hasField(fields, name)) return undefined
    fields.push(name, value)
  }
  return fields
}

function isPlain(init: unknown): init is Record<string, unknown> {
  return typeof init === 'object' && init !== null && !(Symbol.iterator in init)
}

function isPadded(value: string): boolean {
  const [first, last] = [value.charCodeAt(0), value.charCodeAt(value.length - 1)]
  return first === 32 || first === 9 || last === 32 || last === 9
}

export function hasField(fields: Fields, name: string): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const other = fields[i]
    if (other?.length === name.length && other.toLowerCase() === name.toLowerCase()) return true
  }
  return false
}
