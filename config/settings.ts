import { DEFAULT_ACCESS_FORMAT } from '../lib/logging/access-format.js'
import { LOG_FORMATS, LOG_LEVELS } from '../lib/logging/names.js'
import { assignments } from './assignments.js'
import { INTERFACES } from './interfaces.js'
import {
  accessFormat,
  address,
  boolean,
  choice,
  globs,
  integer,
  list,
  logFile,
  path,
  text,
  workerCount,
} from './parsers.js'
import {
  type AnySetting,
  absent,
  commandLineOnly,
  derived,
  type InputOf,
  type OnHup,
  setting,
  type ValueOf,
} from './setting.js'
import { duration, durationRange, size } from './units.js'
import { workerClass } from './worker-class.js'

/**
 * THE table of settings. Command line, environment, config file, `--help`, `--print-config`, `docs/settings.md` and the
 * types below derive from it. A setting that Gunicorn has too has Gunicorn's name. A new setting is a new row.
 */
export const settings = {
  app: setting({
    section: 'Application',
    positional: 'MODULE:EXPORT',
    parser: text('MODULE:EXPORT'),
    default: absent('required'),
    onHup: 'respawn',
    description: 'the application: a dotted module or a file, and what it exports; also module:factory("argument")',
  }),
  config: commandLineOnly(
    setting({
      section: 'Application',
      flags: '-c, --config',
      parser: path,
      default: absent('unicorn.config.{ts,mts,js,mjs,cjs,json} in the working directory, if there is one'),
      onHup: 'restart',
      description: 'the config file',
    }),
  ),
  interface: setting({
    section: 'Application',
    flags: '--interface',
    parser: choice('INTERFACE', ['auto', ...INTERFACES]),
    default: 'auto',
    onHup: 'respawn',
    description: 'how the application is called; auto decides by what the export is',
  }),

  bind: setting({
    section: 'Listening',
    flags: '-b, --bind',
    variable: { name: 'PORT', means: '0.0.0.0:$PORT' },
    parser: list(address),
    default: ['127.0.0.1:8000'],
    onHup: 'respawn',
    description: 'where to listen: HOST, HOST:PORT, :PORT, [IPV6]:PORT, unix:PATH or fd://N; may be repeated',
  }),
  backlog: setting({
    section: 'Listening',
    flags: '--backlog',
    parser: integer(1, 2 ** 31 - 1),
    default: 2048,
    onHup: 'restart',
    description: 'how many connections the kernel queues until a worker accepts them',
  }),

  workers: setting({
    section: 'Workers',
    flags: '-w, --workers',
    variable: { name: 'WEB_CONCURRENCY' },
    parser: workerCount,
    default: 1,
    onHup: 'respawn',
    description: 'number of worker processes; auto is one for each available CPU (limits of a container count)',
  }),
  workerClass: setting({
    section: 'Workers',
    flags: '-k, --worker-class',
    parser: workerClass,
    default: 'async',
    onHup: 'respawn',
    description: 'async serves many requests at once in a worker, sync one at a time; MODULE:CLASS is one of your own',
  }),
  workerConnections: setting({
    section: 'Workers',
    flags: '--worker-connections',
    parser: integer(1),
    default: 1000,
    onHup: 'respawn',
    description: 'how many connections a worker holds open at once',
  }),
  maxRequests: setting({
    section: 'Workers',
    flags: '--max-requests',
    parser: integer(0),
    default: 0,
    onHup: 'respawn',
    description: 'retire a worker after this many requests, its replacement being ready first; 0 is never',
  }),
  maxRequestsJitter: setting({
    section: 'Workers',
    flags: '--max-requests-jitter',
    parser: integer(0),
    default: 0,
    onHup: 'respawn',
    description: 'add a random number up to this to --max-requests, so that workers do not retire together',
  }),
  maxMemory: setting({
    section: 'Workers',
    flags: '--max-memory',
    parser: size,
    default: 0,
    onHup: 'respawn',
    description:
      'retire a worker whose resident memory stays above this, its replacement being ready first; 0 is never',
  }),
  restartBackoff: setting({
    section: 'Workers',
    flags: '--restart-backoff',
    parser: durationRange,
    default: '100ms..30s',
    onHup: 'respawn',
    description: 'first and longest pause between restarts of a worker that keeps dying young',
  }),
  reloadStrategy: setting({
    section: 'Workers',
    flags: '--reload-strategy',
    parser: choice('STRATEGY', ['all', 'rolling']),
    default: 'all',
    onHup: 'respawn',
    description: 'on HUP: all starts all new workers beside the old ones, rolling replaces one at a time',
  }),
  watchdog: setting({
    section: 'Workers',
    flags: '--no-watchdog',
    parser: boolean,
    default: true,
    onHup: 'respawn',
    description:
      'a thread that reports where a worker hangs and ends a hung orphan (11 MB a worker); the flag turns it off',
  }),
  reload: setting({
    section: 'Workers',
    flags: '--reload',
    parser: boolean,
    default: false,
    onHup: 'restart',
    description: 'for development: reload whenever a file changes that the workers have loaded',
  }),
  reloadExtraFiles: setting({
    section: 'Workers',
    flags: '--reload-extra-file',
    parser: globs,
    default: derived('none', () => []),
    onHup: 'restart',
    description: 'with --reload, watch this file, directory or glob too; may be repeated',
  }),
  preload: setting({
    section: 'Workers',
    flags: '--preload',
    parser: boolean,
    default: false,
    onHup: 'restart',
    description:
      'start the first worker alone and the others once it is ready, so that a broken application fails once',
  }),
  waitReady: setting({
    section: 'Workers',
    flags: '--wait-ready',
    parser: boolean,
    default: false,
    onHup: 'respawn',
    description: "a worker is ready only when its application has sent the message 'ready', as PM2's users know it",
  }),

  timeout: setting({
    section: 'Time limits',
    flags: '-t, --timeout',
    parser: duration,
    default: '30s',
    onHup: 'respawn',
    description: 'a worker silent for longer than this is hung, and is killed and replaced; 0 is never',
  }),
  bootTimeout: setting({
    section: 'Time limits',
    flags: '--boot-timeout',
    parser: duration,
    default: '60s',
    onHup: 'respawn',
    description: 'a worker not ready after this has failed to boot; 0 is never',
  }),
  requestTimeout: setting({
    section: 'Time limits',
    flags: '--request-timeout',
    parser: duration,
    default: 0,
    onHup: 'respawn',
    description: 'an async request that runs longer gets 504, or is cut once its head is out; 0 is never',
  }),
  gracefulTimeout: setting({
    section: 'Time limits',
    flags: '--graceful-timeout',
    parser: duration,
    default: '30s',
    onHup: 'respawn',
    description: 'how long a worker may take to finish its requests when it stops; then it is killed',
  }),
  keepAlive: setting({
    section: 'Time limits',
    flags: '--keep-alive',
    parser: duration,
    default: '5s',
    onHup: 'respawn',
    description: 'how long an idle connection to an async worker stays open; 0 is not at all',
  }),
  headerTimeout: setting({
    section: 'Time limits',
    flags: '--header-timeout',
    parser: duration,
    default: '10s',
    onHup: 'respawn',
    description: 'how long a client may take to send the head of a request; then it gets 408',
  }),

  limitRequestLine: setting({
    section: 'HTTP limits',
    flags: '--limit-request-line',
    parser: size,
    default: 8190,
    onHup: 'respawn',
    description: 'bytes of a request line; a longer one gets 414; 0 is no limit',
  }),
  limitRequestFields: setting({
    section: 'HTTP limits',
    flags: '--limit-request-fields',
    parser: integer(0),
    default: 100,
    onHup: 'respawn',
    description: 'header fields of a request; more get 431; 0 is no limit',
  }),
  limitRequestFieldSize: setting({
    section: 'HTTP limits',
    flags: '--limit-request-field-size',
    parser: size,
    default: 8190,
    onHup: 'respawn',
    description: 'bytes of one header field; a longer one gets 431; 0 is no limit',
  }),
  limitRequestBody: setting({
    section: 'HTTP limits',
    flags: '--limit-request-body',
    parser: size,
    default: 0,
    onHup: 'respawn',
    description: 'bytes of a request body; a longer one gets 413; 0 is no limit',
  }),

  chdir: setting({
    section: 'Process',
    flags: '--chdir',
    parser: { ...text('DIR'), wanted: 'a directory' },
    default: derived('working directory', ({ cwd }) => cwd),
    onHup: 'restart',
    description: 'the directory of the application; a symbolic link is followed anew for each worker',
  }),
  rawEnv: setting({
    section: 'Process',
    flags: '-e, --env',
    parser: assignments,
    default: derived('none', () => []),
    onHup: 'respawn',
    description: 'environment variable for the workers; may be repeated',
  }),
  pidfile: setting({
    section: 'Process',
    flags: '-p, --pid',
    parser: path,
    default: absent('none'),
    onHup: 'apply',
    description: "file for the arbiter's process id",
  }),
  procName: setting({
    section: 'Process',
    flags: '-n, --name',
    parser: text('NAME'),
    default: derived("the application's name", ({ app }) => app),
    onHup: 'apply',
    description: 'name in the process titles: unicorn: master [NAME], unicorn: worker [NAME]',
  }),

  errorlog: setting({
    section: 'Logging',
    flags: '--error-logfile, --log-file',
    parser: logFile,
    default: '-',
    onHup: 'apply',
    description: 'file for what the server has to say; - is stderr',
  }),
  accesslog: setting({
    section: 'Logging',
    flags: '--access-logfile',
    parser: logFile,
    default: absent('none'),
    onHup: 'respawn',
    description: 'file for a line about each request; - is stdout',
  }),
  accessLogFormat: setting({
    section: 'Logging',
    flags: '--access-logformat',
    parser: accessFormat,
    default: DEFAULT_ACCESS_FORMAT,
    onHup: 'respawn',
    description: "the access log's line, in Gunicorn's atoms, or json",
  }),
  loglevel: setting({
    section: 'Logging',
    flags: '--log-level',
    parser: choice('LEVEL', LOG_LEVELS, { warn: 'warning', fatal: 'critical' }),
    default: 'info',
    onHup: 'apply',
    description: 'the least important lines that the error log holds',
  }),
  logFormat: setting({
    section: 'Logging',
    flags: '--log-format',
    parser: choice('FORMAT', LOG_FORMATS),
    default: 'auto',
    onHup: 'apply',
    description: "the error log's lines; auto is text on a terminal and json elsewhere",
  }),

  checkConfig: commandLineOnly(
    setting({
      section: 'Inspection',
      flags: '--check-config',
      parser: boolean,
      default: false,
      onHup: 'none',
      description: 'check the configuration, load the application once, and exit',
    }),
  ),
  printConfig: commandLineOnly(
    setting({
      section: 'Inspection',
      flags: '--print-config',
      parser: boolean,
      default: false,
      onHup: 'none',
      description: 'print each setting with its value and where that came from, and exit',
    }),
  ),
}

type Table = typeof settings
export type SettingName = keyof Table

/** The names of the settings with which HUP does the same. */
export type SettingOnHup<Does extends OnHup> = {
  [Name in SettingName]: Table[Name]['onHup'] extends Does ? Name : never
}[SettingName]

/** The table with a common type of its rows, for code that treats all of them alike. */
export const rows: Readonly<Record<SettingName, AnySetting>> = settings

/** The names in the table's order. */
export const settingNames = Object.keys(settings) as SettingName[] // exactly these keys: the table is a literal

/**
 * The resolved settings: durations in milliseconds, sizes in bytes, paths absolute. JSON can hold all values, since the
 * arbiter sends them to the workers.
 */
export type Config = { readonly [Name in Exclude<SettingName, 'app'>]: ValueOf<Table[Name]> } & { readonly app: string }

/** The names of the settings that a config file may hold. */
type FileSettingName = {
  [Name in SettingName]: Table[Name] extends { readonly commandLineOnly: true } ? never : Name
}[SettingName]

/** The settings of a config file, as users write them. */
export type FileSettings = { [Name in FileSettingName]?: InputOf<Table[Name]> | undefined }
