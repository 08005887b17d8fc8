import { Buffer } from 'node:buffer'
import process from 'node:process'
import { isObject } from './objects.js'

const words = (text: string): string[] => text.trim().split(/\s+/)

/** The objects of the language whose methods the arbiter, and Node's modules in it, call everywhere. */
const BUILT_IN = words(`
  Array Atomics BigInt Buffer Date Error Function JSON Map Math Number Object Promise Proxy RangeError Reflect RegExp Set
  String Symbol SyntaxError TypeError URL Uint8Array WeakMap WeakSet AbortController`)

/** Other globals of that kind. What a config file may replace with good reason, such as `fetch`, is not among them. */
const FUNCTIONS = words(`
  setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate queueMicrotask structuredClone`)

/** The same of this process. */
const OF_PROCESS = words(`
  abort addListener chdir cwd emit exit hrtime kill listenerCount listeners memoryUsage nextTick off on once
  prependListener prependOnceListener rawListeners reallyExit removeAllListeners removeListener
  setUncaughtExceptionCaptureCallback uptime`)

type Place = readonly [object: object, name: PropertyKey, descriptor: PropertyDescriptor | undefined]

/**
 * Remembers the globals that the arbiter depends on, and their methods.
 * @returns puts back those that were replaced or removed since; what was added stays
 */
export function keepGlobals(): () => void {
  const builtIns = BUILT_IN.flatMap((name): object[] => {
    const value: unknown = Reflect.get(globalThis, name)
    if (!isObject(value)) return []
    const prototype: unknown = Reflect.get(value, 'prototype')
    return isObject(prototype) ? [value, prototype] : [value]
  })
  const places = [
    ...[...BUILT_IN, ...FUNCTIONS].map(name => placeOf(globalThis, name)),
    ...OF_PROCESS.map(name => placeOf(process, name)),
    ...builtIns.flatMap(object => Reflect.ownKeys(object).map(name => placeOf(object, name))),
  ]
  const methods = places.filter(([, , before]) => before === undefined || isObject(before.value))
  return () => {
    for (const place of methods) restore(place)
    // These two are accessors, which keep what they were set to.
    Object.assign(globalThis, { process, Buffer })
  }
}

function placeOf(object: object, name: PropertyKey): Place {
  return [object, name, Object.getOwnPropertyDescriptor(object, name)]
}

function restore([object, name, before]: Place): void {
  const now = Object.getOwnPropertyDescriptor(object, name)
  if (now?.value === before?.value && (now === undefined) === (before === undefined)) return
  // What is inherited, as most of the methods of this process are, is not the object's own again.
  if (before) Reflect.defineProperty(object, name, before)
  else Reflect.deleteProperty(object, name)
}
