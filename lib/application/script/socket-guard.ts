import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorCode } from '../../errors.js'
import type { ListenerSeat } from '../../listeners/listener-seat.js'
import { property } from '../../sys/objects.js'

type Call = (...args: unknown[]) => unknown

/** What removes a path, or puts another file in its place, and which of its arguments are paths. */
const CALLS: Readonly<Record<string, number>> = { unlink: 1, rm: 1, rename: 2 }

/**
 * Keeps the application from removing the unix sockets that the server listens at. Many scripts remove what they take
 * for the socket of their last run before they listen; here it is the one that all workers share. Such a call succeeds
 * and does nothing.
 * @param paths  absolute
 * @param onCall  called with the name of the function and the path
 */
export function guardSockets(paths: readonly string[], onCall: (name: string, path: string) => void): void {
  if (paths.length === 0) return
  const guarded = (name: string, args: readonly unknown[]): boolean => {
    const found = args
      .slice(0, CALLS[name])
      .map(pathOf)
      .find(path => path !== undefined && paths.includes(path))
    if (found !== undefined) onCall(name, found)
    return found !== undefined
  }
  for (const name of Object.keys(CALLS)) {
    replace(
      fs,
      `${name}Sync`,
      original =>
        (...args) =>
          guarded(name, args) ? undefined : original(...args),
    )
    replace(
      fs.promises,
      name,
      original =>
        (...args) =>
          guarded(name, args) ? Promise.resolve() : original(...args),
    )
    replace(fs, name, original => (...args) => {
      const done = args.at(-1)
      if (typeof done === 'function' && guarded(name, args)) process.nextTick(() => done(null))
      else original(...args)
    })
  }
  syncBuiltinESMExports()
}

/** What needs a path to be there. */
const NEEDS = ['chmod', 'chown', 'lchown', 'stat', 'lstat', 'access']
/** The paths at which the application believes that it listens, and what an error about them should say. */
const absent = new Map<string, string>()

/** From now on, errors of calls for this place, if it is a path, say why it is not there: unicorn has not bound it. */
export function explainAbsence(path: number | string, listeners: readonly ListenerSeat[]): void {
  if (typeof path === 'number') return
  const where = listeners.map(({ name }) => name).join(' and ')
  absent.set(
    path,
    `unicorn listens at ${where} in place of the application; with --bind unix:${path} it listens there, and the application may set the mode of that socket, which is 0777`,
  )
  if (absent.size > 1) return
  const explained = (error: unknown): unknown => {
    const why = errorCode(error) === 'ENOENT' ? absent.get(resolve(String(property(error, 'path')))) : undefined
    if (why !== undefined && error instanceof Error) error.message += `: ${why}`
    return error
  }
  for (const name of NEEDS) {
    replace(fs, `${name}Sync`, original => (...args) => {
      try {
        return original(...args)
      } catch (error) {
        throw explained(error)
      }
    })
    replace(fs.promises, name, original => async (...args) => {
      try {
        return await original(...args)
      } catch (error) {
        throw explained(error)
      }
    })
    replace(fs, name, original => (...args) => {
      const done = args.at(-1)
      if (typeof done !== 'function') return original(...args)
      return original(...args.slice(0, -1), (error: unknown) => done(explained(error)))
    })
  }
  syncBuiltinESMExports()
}

function replace(owner: object, name: string, wrap: (original: Call) => Call): void {
  const original: Call = Reflect.get(owner, name)
  const wrapped = wrap((...args) => Reflect.apply(original, owner, args))
  Object.defineProperty(wrapped, 'name', { value: name })
  Object.defineProperty(owner, name, { value: wrapped, configurable: true, enumerable: true, writable: true })
}

function pathOf(value: unknown): string | undefined {
  if (value instanceof URL) return value.protocol === 'file:' ? fileURLToPath(value) : undefined
  if (typeof value === 'string' || Buffer.isBuffer(value)) return resolve(String(value))
  return undefined
}
