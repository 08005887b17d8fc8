import { Buffer } from 'node:buffer'
import process from 'node:process'

/** Objects of the language whose methods this program calls everywhere. */
const SHARED = [
  'Array',
  'Buffer',
  'Date',
  'JSON',
  'Map',
  'Math',
  'Number',
  'Object',
  'Promise',
  'Reflect',
  'RegExp',
  'Set',
]

type Place = readonly [object: object, name: PropertyKey, descriptor: PropertyDescriptor]

/**
 * Remembers the global functions and objects, and the methods of the usual ones.
 * @returns puts back those that were replaced or removed since; what was added stays
 */
export function keepGlobals(): () => void {
  const builtIns = SHARED.flatMap((name): object[] => {
    const value: unknown = Reflect.get(globalThis, name)
    if (!isObject(value)) return []
    const prototype: unknown = Reflect.get(value, 'prototype')
    return isObject(prototype) ? [value, prototype] : [value]
  })
  const places = [globalThis, process, ...builtIns].flatMap(placesOf)
  return () => {
    for (const [object, name, before] of places) {
      if (!isSame(Object.getOwnPropertyDescriptor(object, name), before)) {
        Reflect.defineProperty(object, name, before)
      }
    }
    // These two are accessors, which keep what they were set to.
    Object.assign(globalThis, { process, Buffer })
  }
}

function placesOf(object: object): Place[] {
  return Reflect.ownKeys(object).flatMap((name): Place[] => {
    const descriptor = Object.getOwnPropertyDescriptor(object, name)
    if (!descriptor?.configurable) return []
    const isOfUse = typeof descriptor.value === 'function' || object === globalThis
    return isOfUse ? [[object, name, descriptor]] : []
  })
}

function isSame(now: PropertyDescriptor | undefined, before: PropertyDescriptor): boolean {
  return now !== undefined && now.value === before.value && now.get === before.get
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
