import { ExitCode, toError, UnicornError } from '../errors.js'
import { isHttpServer, type NodeHandler, type NodeServer, type NodeTarget } from '../gateway/node/target.js'
import { hasMethods, property } from '../sys/objects.js'

/** What a module gives to serve: an export, or the server that it listens with. */
export interface Found {
  readonly value: unknown
  /** Dotted, `default` for the default export, `listen()` for a server that listens by itself. */
  readonly exportName: string
}

/** The application as its module gave it. */
export interface LoadedApp extends Found {
  /** Absolute path of the module. */
  readonly file: string
  /** The setting `app`. */
  readonly spec: string
  /** The export `options` of the module: what `fastify start` makes an application with. */
  readonly options?: unknown
  /** What the module exports to be called at the end of a drain. */
  readonly shutdown?: (() => unknown) | undefined
}

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
  /** A method that makes the application ready, and is awaited at boot; and what is awaited after it. */
  readonly ready?: string
  readonly afterReady?: (app: unknown) => unknown
  /** The property or method with what serves, once the application is ready; absent if that is the application. */
  readonly target?: string
  /** A method that is called and awaited at the end of a drain. */
  readonly close?: string
}

const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'Nest',
    methods: ['init', 'close', 'getHttpServer', 'getHttpAdapter'],
    ready: 'init',
    afterReady: readyAdapter,
    target: 'getHttpServer',
    close: 'close',
  },
  {
    name: 'Fastify',
    methods: ['ready', 'close', 'inject', 'addHook'],
    ready: 'ready',
    target: 'server',
    close: 'close',
  },
  {
    name: 'Hapi',
    methods: ['initialize', 'start', 'stop', 'route', 'inject'],
    ready: 'initialize',
    target: 'listener',
    close: 'stop',
  },
  { name: 'Socket.IO', methods: ['attach', 'of', 'emit', 'close'], target: 'httpServer', close: 'close' },
  { name: 'Koa', methods: ['callback', 'use'], target: 'callback' },
  // Functions with methods.
  { name: 'Express', methods: ['handle', 'use'] },
]

/** Reports whether the node interface serves `value` as it is: an application of a framework, or a server. */
export function isNodeApp(value: unknown): boolean {
  return isHttpServer(value) || frameworkOf(value) !== undefined
}

/**
 * Makes an application ready to serve. Returns undefined if it is of no framework, no server and no function.
 * @throws UnicornError with exit code 4 if it does not become ready
 */
export async function prepare(app: LoadedApp): Promise<NodeApp | undefined> {
  const { value } = app
  if (isHttpServer(value)) return { target: value }
  const framework = frameworkOf(value)
  if (framework) return start(framework, app)
  return isHandler(value) ? { target: value } : undefined
}

/** Reports whether `value` is a framework's application that must be started before it serves. */
export function hasStart(value: unknown): boolean {
  return frameworkOf(value)?.ready !== undefined
}

/** Reports whether `server` belongs to the application `value`; undefined if that cannot be told. */
export function ownsServer(value: unknown, server: NodeServer): boolean | undefined {
  if (value === server || (isHandler(value) && server.listeners('request').includes(value))) return true
  if (isHttpServer(value)) return false
  const framework = frameworkOf(value)
  return framework && OWN_SERVER.has(framework.target) ? targetOf(framework, value) === server : undefined
}

/** The targets that are a server of the application's own. */
const OWN_SERVER: ReadonlySet<string | undefined> = new Set(['getHttpServer', 'server', 'listener', 'httpServer'])

async function start(framework: Framework, { value, file, exportName }: LoadedApp): Promise<NodeApp> {
  const { name, ready, afterReady, close } = framework
  try {
    // An application that listens by itself is ready, and Hapi refuses to start twice.
    const before = targetOf(framework, value)
    if (ready && !(isHttpServer(before) && before.listening)) {
      await call(value, ready)
      await afterReady?.(value)
    }
    const target = targetOf(framework, value)
    if (isHttpServer(target) || isHandler(target)) return { target, ...(close && { close: () => call(value, close) }) }
  } catch (error) {
    const message = `${file}: ${name}'s ${ready ?? 'start'}() failed: ${toError(error).message}`
    throw new UnicornError(message, { where: file, error }, ExitCode.appLoad)
  }
  throw new UnicornError(
    `${file}: the ${name} application "${exportName}" has no http.Server: TLS and HTTP/2 servers of an application's own cannot be served, terminate them before unicorn`,
    { wanted: 'a server of node:http', where: file },
    ExitCode.appLoad,
  )
}

function targetOf({ target }: Framework, app: unknown): unknown {
  if (target === undefined) return app
  const found = property(app, target)
  return typeof found === 'function' ? call(app, target) : found
}

/** Nest makes Fastify ready only in its `listen()`. */
async function readyAdapter(app: unknown): Promise<void> {
  const instance = call(call(app, 'getHttpAdapter'), 'getInstance')
  if (hasMethods(instance, 'ready', 'inject')) await call(instance, 'ready')
}

function frameworkOf(value: unknown): Framework | undefined {
  return FRAMEWORKS.find(({ methods }) => hasMethods(value, ...methods))
}

/** Takes any function of the user's for a handler. */
function isHandler(value: unknown): value is NodeHandler {
  return typeof value === 'function'
}

function call(target: unknown, method: string): unknown {
  const found = property(target, method)
  return typeof found === 'function' ? Reflect.apply(found, target, []) : undefined
}
