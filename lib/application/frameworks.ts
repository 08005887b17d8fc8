import { ExitCode, toError, UnicornError } from '../errors.js'
import { isHttpServer, type NodeHandler, type NodeServer, type NodeTarget } from '../gateway/node/target.js'
import { hasMethods, isObject } from '../sys/objects.js'
import type { LoadedApp } from './loaded-app.js'

/** An application of the node interface. */
export interface NodeApp {
  readonly target: NodeTarget
  /** Ends it after its last response. What it returns is awaited. */
  readonly close?: () => unknown
}

/** How the applications of a framework are recognized, made ready and ended. */
interface Framework {
  readonly name: string
  /** Methods that only its applications have together. */
  readonly methods: readonly string[]
  /** What makes it ready, under the name that its users know. The result is awaited at boot. */
  readonly ready?: readonly [name: string, (app: object) => unknown]
  /** What serves, once the application is ready. */
  readonly target: (app: object) => unknown
  /** A method that is called and awaited at the end of a drain. */
  readonly close?: string
}

const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'Nest',
    methods: ['init', 'close', 'getHttpServer', 'getHttpAdapter'],
    ready: ['init', initNest],
    target: app => call(app, 'getHttpServer'),
    close: 'close',
  },
  {
    name: 'Fastify',
    methods: ['ready', 'close', 'inject', 'addHook'],
    ready: ['ready', app => call(app, 'ready')],
    target: app => Reflect.get(app, 'server'),
    close: 'close',
  },
  {
    name: 'Hapi',
    methods: ['initialize', 'start', 'stop', 'route', 'inject'],
    ready: ['initialize', app => call(app, 'initialize')],
    target: app => Reflect.get(app, 'listener'),
    close: 'stop',
  },
  {
    name: 'Socket.IO',
    methods: ['attach', 'of', 'emit', 'close'],
    target: app => Reflect.get(app, 'httpServer'),
    close: 'close',
  },
  { name: 'Koa', methods: ['callback', 'use'], target: app => call(app, 'callback') },
  // Functions with methods.
  { name: 'Express', methods: ['handle', 'use'], target: app => app },
]

/** Reports whether the node interface serves `value` as it is: an application of a framework, or a server. */
export function isNodeApp(value: unknown): boolean {
  return isHttpServer(value) || frameworkOf(value) !== undefined
}

/**
 * Makes an application ready to serve.
 * @returns undefined if it is no framework's application, no server and no function
 * @throws UnicornError with exit code 4 if it does not become ready
 */
export async function prepare(app: LoadedApp): Promise<NodeApp | undefined> {
  const { value } = app
  if (isHttpServer(value)) return { target: value }
  const framework = frameworkOf(value)
  if (framework && isObject(value)) return start(framework, value, app)
  return isHandler(value) ? { target: value } : undefined
}

/** Reports whether `value` is a framework's application that must be started before it serves. */
export function hasStart(value: unknown): boolean {
  return frameworkOf(value)?.ready !== undefined
}

/** Reports whether `server` belongs to the application `value`. */
export function isServerOf(value: unknown, server: NodeServer): boolean {
  if (value === server) return true
  if (isHandler(value) && server.listeners('request').includes(value)) return true
  const framework = frameworkOf(value)
  const owns = framework !== undefined && framework.name !== 'Koa' && isObject(value)
  return owns && framework.target(value) === server
}

async function start({ name, ready, target, close }: Framework, value: object, app: LoadedApp): Promise<NodeApp> {
  try {
    // An application that listens by itself is ready, and Hapi refuses to start twice.
    if (ready && !isListening(target(value))) await ready[1](value)
    const found = target(value)
    if (isHttpServer(found) || isHandler(found)) {
      return { target: found, ...(close !== undefined && { close: () => call(value, close) }) }
    }
  } catch (error) {
    const message = `${app.file}: ${name}'s ${ready?.[0] ?? 'start'}() failed: ${toError(error).message}`
    throw new UnicornError(message, { where: app.file, error }, ExitCode.appLoad)
  }
  throw new UnicornError(
    `${app.file}: the ${name} application "${app.exportName}" has no http.Server: TLS and HTTP/2 servers of an application's own cannot be served, terminate them before unicorn`,
    { wanted: 'a server of node:http', where: app.file },
    ExitCode.appLoad,
  )
}

function isListening(target: unknown): boolean {
  return isHttpServer(target) && target.listening
}

/** On Fastify, Nest makes that ready only in its `listen()`. */
async function initNest(app: object): Promise<void> {
  await call(app, 'init')
  const adapter = call(app, 'getHttpAdapter')
  const instance = isObject(adapter) ? call(adapter, 'getInstance') : undefined
  if (hasMethods(instance, 'ready', 'inject') && isObject(instance)) await call(instance, 'ready')
}

function frameworkOf(value: unknown): Framework | undefined {
  return FRAMEWORKS.find(({ methods }) => hasMethods(value, ...methods))
}

/** Takes any function of the user's for a handler. */
function isHandler(value: unknown): value is NodeHandler {
  return typeof value === 'function'
}

function call(target: object, method: string): unknown {
  const found: unknown = Reflect.get(target, method)
  return typeof found === 'function' ? Reflect.apply(found, target, []) : undefined
}
