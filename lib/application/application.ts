import type { EventEmitter } from 'node:events'
import type { ProcessFigures } from '../../config/hooks.js'
import type { InterfaceName } from '../../config/interfaces.js'
import type { Interpreter } from '../../config/interpreter.js'
import type { Config } from '../../config/settings.js'
import type { UnicornError } from '../errors.js'
import type { Gateway, GatewayContext } from '../gateway/gateway.js'
import type { ListenerSeat } from '../listeners/listener-seat.js'
import type { Logger } from '../logging/log.js'

/** An application that is ready to serve, of whatever kind. */
export interface Application {
  /** To be read for each request: another gateway takes over if an exported handler's server begins to listen. */
  readonly gateway: Gateway
  /** Why its clients are not offered HTTP/2, if it could not take it. */
  readonly whyNotHttp2?: string | undefined
  /** The application's own server, which never listens: the engine stands in for it. */
  readonly server: EventEmitter | undefined
  /** Servers that the application has opened beside what is served. */
  readonly others: BesideServers
  /** The worker is ready, and takes connections from now on. */
  accepting(): void
  /** Notes that this process got TERM from outside, for which Node has called the application's handlers. */
  terminated(): void
  /** Calls the application's handlers of TERM, once, though it is still served: the server stops soon. */
  announceEnd(): void
  /** Calls the application's handlers of TERM, once: after its last response, or after half of the drain's time. */
  askToEnd(): void
  /** Lets a server that the application has closed emit `close`: a drain has no connection left. */
  release(): void
  /** Ends the application after its last response. Never rejects: failures are logged. */
  close(): Promise<void>
  /** Present if it has processes of its own, as one in Python has. */
  readonly processes?: OwnProcesses
}

/** The processes of an application that does not run in this one. */
export interface OwnProcesses {
  readonly figures: readonly ProcessFigures[]
  /** Changes their number. */
  resize(processes: number): void
  /** Where they are at this moment. They go on. */
  look(): Promise<readonly ProcessStack[]>
  /** Ends those that are left. @param isLate  they had `gracefulTimeout`; else the server stops quickly */
  cut(isLate: boolean): Promise<void>
}

/** Where a process is. */
export interface ProcessStack extends Pick<ProcessFigures, 'pid' | 'index' | 'state'> {
  /** Those that do something. */
  readonly threads: readonly {
    /** What it runs, without the query; `age` in milliseconds. The loop of an ASGI process runs many. */
    readonly requests: readonly { readonly method: string; readonly path: string; readonly age: number }[]
    /** The innermost frame first, as `file:line in function`. */
    readonly stack: readonly string[]
  }[]
}

/** How an application in Python is run. */
export interface PythonHost {
  readonly interpreter: Interpreter
  readonly config: Config
  /** How many Python processes are this worker's. */
  readonly processes: number
  /** The hooks of a config file of Gunicorn's that run in each Python process, if it has any. */
  readonly hooks?: PythonHooks | undefined
  /** For what the processes print: none of it is left out. */
  readonly output: Logger
  /** A Python process was started, or is gone. */
  report(event: PythonEvent): void
}

/** What a Python process needs to run hooks: `server` and `cfg`, as they see them. */
export interface PythonHooks {
  readonly location: string
  /** The directory that `unicorn` was started in, where the file finds modules. */
  readonly directory: string
  /** By Gunicorn's names. */
  readonly names: readonly string[]
  readonly cfg: Readonly<Record<string, unknown>>
  readonly server: Readonly<Record<string, unknown>>
}

/** `age` grows with each process of a front. */
export type PythonEvent =
  | { readonly type: 'python-started'; readonly pid: number; readonly age: number }
  | {
      readonly type: 'python-gone'
      readonly pid: number
      readonly age: number
      readonly exitCode: number | undefined
      readonly signal: NodeJS.Signals | undefined
    }

/** Servers of an application that listen by themselves. A worker that leaves ends them as it ends its own listening. */
export interface BesideServers {
  /** Their connections that speak HTTP. */
  readonly connections: number
  /** Their connections that speak something else, such as a WebSocket. */
  readonly foreign: number
  /** Ends listening, at the first call; each response from now on is the last of its connection. */
  retire(): void
  /** Closes connections that were served before and wait for a next request. */
  closeIdle(): void
}

export type SignalListener = ReturnType<typeof process.rawListeners>[number]

/** What an application gets from the process that loads it, and what it reports to that process. */
export interface ApplicationHost {
  /** The working directory, in which modules are looked for. */
  readonly directory: string
  readonly listeners: readonly ListenerSeat[]
  /** The ports and paths that the user wants to be bound; 0 is any free port. */
  readonly binds: readonly (number | string)[]
  readonly interfaceName: InterfaceName
  /** Present if the application is in Python. */
  readonly python?: PythonHost | undefined
  /** Settings that replace limits of an application's own server, by the names of those, in Node's units. */
  readonly limits: Readonly<Record<string, number>>
  /** In milliseconds; 0 is no limit. */
  readonly bootTimeout: number
  readonly gateway: GatewayContext
  /** The worker's own listeners for TERM and INT: neither the application's nor those of a preload. */
  readonly signalListeners: ReadonlySet<SignalListener>
  /** Notes what the loading waits for from now on. */
  waitsFor(unfinished: Unfinished): void
  /** With `--reload`: files that were loaded, or that would have been; a directory ends with a slash. */
  loaded(files: readonly string[]): void
  /** Logs what the application's `listen()` does here. */
  notice(text: string): void
  /** The application has begun to listen, with a server of its own, after it was loaded. */
  serverOpened(): void
  /** The application has closed its server while it was served. */
  serverClosed(): void
  /** The processes of the application are others than before. */
  processesChanged(): void
  /** Ends the boot. The application may catch what `listen()` throws, so throwing is not enough. */
  fail(error: UnicornError): void
}

/** Says what a boot waits for, in words for the log. Called only if `bootTimeout` passes. */
export type Unfinished = () => string | Promise<string>
