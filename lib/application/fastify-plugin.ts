import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ExitCode, errorCode, UnicornError } from '../errors.js'
import { property } from '../sys/objects.js'
import type { LoadedApp } from './frameworks.js'
import { markOf } from './mark.js'

/** Symbols with which the package `fastify-plugin` marks plugins. */
const MARKS = ['skip-override', 'plugin-meta', 'fastify.display-name'].map(name => Symbol.for(name))

/** A plugin's own name for the instance, which `fastify generate` gives it. */
const TAKES_FASTIFY = /^(?:async\s+)?(?:function\b[^(]*)?\(?\s*fastify\b/

/**
 * Makes the application of a Fastify plugin, a function `(fastify, options)`, which `fastify start` does for it. Called
 * as another interface, such a function would fail at every request.
 * @returns `app` itself if it is no plugin
 * @throws UnicornError with exit code 4 if it is one, and its package does not find `fastify`
 */
export function withFastify(app: LoadedApp): LoadedApp {
  const { value, file } = app
  if (typeof value !== 'function' || markOf(value) !== undefined || !isPlugin(app, value)) return app
  const fastify = requireFastify(app)
  const instance: unknown = Reflect.apply(fastify, undefined, [property(value, 'options') ?? app.options ?? {}])
  const register = property(instance, 'register')
  if (typeof register !== 'function') throw unserved(app, `fastify, which ${file} finds, has no method register`)
  Reflect.apply(register, instance, [value])
  return { ...app, value: instance }
}

function isPlugin({ exportName, file, options }: LoadedApp, value: object): boolean {
  if (MARKS.some(mark => property(value, mark) !== undefined)) return true
  const code = Function.prototype.toString.call(value)
  if (TAKES_FASTIFY.test(code)) return true
  if (exportName === 'application' || !dependsOnFastify(file)) return false
  return options !== undefined || property(value, 'options') !== undefined || /^async\b/.test(code)
}

/** Whether `fastify` is among the dependencies of the nearest package. */
function dependsOnFastify(file: string): boolean {
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const found = join(directory, 'package.json')
    if (existsSync(found)) {
      try {
        return property(property(JSON.parse(readFileSync(found, 'utf8')), 'dependencies'), 'fastify') !== undefined
      } catch {
        return false
      }
    }
    if (directory === dirname(directory)) return false
  }
}

function requireFastify(app: LoadedApp): (...args: unknown[]) => unknown {
  try {
    const found: unknown = createRequire(app.file)('fastify')
    if (typeof found === 'function') return (...args) => Reflect.apply(found, undefined, args)
  } catch (error) {
    if (errorCode(error) !== 'MODULE_NOT_FOUND') throw error
  }
  throw unserved(app, `fastify is not installed where ${app.file} looks for it`)
}

function unserved({ file, exportName }: LoadedApp, why: string): UnicornError {
  return new UnicornError(
    `${file}: the export "${exportName}" is a Fastify plugin, and cannot be served: ${why}; install fastify beside it, or export an application that registers the plugin`,
    { found: why, wanted: 'fastify', where: file },
    ExitCode.appLoad,
  )
}
