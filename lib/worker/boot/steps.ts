import { extname } from 'node:path'
import { HookRunner } from '../../../config/hook-runner.js'
import { isMonitored } from '../../../config/monitoring.js'
import type { ApplicationHost } from '../../application/application.js'
import { loadApplication } from '../../application/load-application.js'
import { takesLongPolling } from '../../application/long-polling.js'
import { ExitCode, toError } from '../../errors.js'
import { backgroundOf } from '../../gateway/background.js'
import { engineMaker } from '../../http/create-engine.js'
import { checkUploadDirectory } from '../../http/upload/upload-space.js'
import type { Address } from '../../listeners/address.js'
import { requireLibc } from '../../sys/libc.js'
import { endWithParent } from '../../sys/orphan-alarm.js'
import { AccessRecorder } from '../access-recorder.js'
import { workerClass } from '../admission/registry.js'
import { buffersRequests } from '../intake.js'
import { Watchdog } from '../watchdog/watchdog.js'
import { Worker } from '../worker.js'
import type { Booting } from './booting.js'
import { chooseEngine } from './choose-engine.js'
import { openAccessLog } from './open-access-log.js'
import { secureSettings } from './secure-settings.js'

/** A step of a worker's boot. */
export interface BootStep {
  /** `--check-config` takes it too. */
  readonly inCheck?: true
  /** The exit code if it fails: `workerBoot` if absent. */
  readonly failure?: ExitCode
  /** What the log says at `bootTimeout`; absent if it takes no time. `within` is `within 3000 ms (--boot-timeout)`. */
  stuck?(within: string, boot: Booting): string | Promise<string>
  run(boot: Booting): void | Promise<void>
}

function since(why: (boot: Booting) => string | Promise<string>): BootStep['stuck'] {
  return async (within, boot) => `not ready ${within}, since ${await why(boot)}`
}

const ASKS_ITSELF =
  'the application waits for its own port, at which a worker answers only when it is ready: send such a request without awaiting it at the top level; '

/** The steps from the boot message to a worker that can serve, in their order. */
export const STEPS: Readonly<Record<string, BootStep>> = {
  announce: {
    run: ({ log, snapshot }) => log.info({ worker: snapshot.index }, `Booting worker with pid: ${process.pid}`),
  },
  libc: { inCheck: true, run: requireLibc },
  orphanAlarm: { run: ({ snapshot }) => endWithParent(snapshot.arbiterPid) },
  // Before the application runs, which may hang. After our own modules are loaded: a thread that starts slows that.
  watchdog: {
    run: boot => {
      if (boot.config.watchdog) boot.watchdog = new Watchdog(boot.snapshot, boot.log)
    },
  },
  meter: {
    run: async boot => {
      if (isMonitored(boot.config)) boot.meter = new (await import('../meter.js')).Meter()
    },
  },
  loadedFiles: { run: reportLoadedFiles },
  configFile: {
    inCheck: true,
    stuck: since(({ snapshot }) => `the config file ${snapshot.configFile} has not finished loading`),
    run: readHooks,
  },
  postFork: {
    stuck: since(() => 'the hook postFork has not come to its end'),
    run: ({ hooks, server, self }) => hooks.run('postFork', server, self),
  },
  workerClass: {
    inCheck: true,
    stuck: since(({ config }) => `the worker class ${config.workerClass} has not finished loading`),
    run: async boot => {
      const name = boot.snapshot.python ? 'async' : boot.config.workerClass
      boot.admission = await workerClass(name, process.cwd())
    },
  },
  uploads: { inCheck: true, run: warnOfUploads },
  staticFiles: { inCheck: true, run: openStaticFiles },
  application: {
    inCheck: true,
    failure: ExitCode.appLoad,
    stuck: since(async boot => (boot.connections.areMade ? ASKS_ITSELF : '') + (await boot.unfinished())),
    run: async boot => {
      boot.application = await loadApplication(boot.config.app, boot.config.interface, applicationHost(boot))
      boot.connections.end()
    },
  },
  engine: {
    inCheck: true,
    failure: ExitCode.appLoad,
    stuck: since(() => 'the HTTP engine is still being tried out'),
    run: async boot => {
      boot.createEngine = await engineMaker(chooseEngine(boot), secureSettings(boot))
    },
  },
  longPolling: { inCheck: true, run: warnOfLongPolling },
  // What it has begun at its start, it ends: a lifespan of ASGI may have its shutdown alone for that.
  checked: {
    inCheck: true,
    stuck: since(() => 'the application has not come to its end'),
    run: endChecked,
  },
  postWorkerInit: {
    stuck: since(() => 'the hook postWorkerInit has not come to its end'),
    run: ({ hooks, self }) => hooks.run('postWorkerInit', self),
  },
  ready: {
    failure: ExitCode.appLoad,
    stuck: within =>
      `the application has not said process.send('ready') ${within}; send it when the application can serve, or do without --wait-ready`,
    run: ({ ready, log }) => ready?.wait(log),
  },
  worker: { run: createWorker },
  readyPath: {
    failure: ExitCode.appLoad,
    stuck: (within, { config, readyPath }) =>
      `the application has not answered ${config.readyPath} (--ready-path) with 2xx ${within}: ${readyPath?.last}`,
    run: async ({ readyPath, worker, log }) => {
      if (worker) await readyPath?.wait(worker, log)
    },
  },
}

/** With `--check-config`, ends the processes of the application, within `gracefulTimeout`. */
async function endChecked({ application, config, snapshot }: Booting): Promise<void> {
  if (!snapshot.checkOnly || !application?.processes) return
  const { processes } = application
  const late = setTimeout(() => void processes.cut(true), config.gracefulTimeout)
  await application.close()
  clearTimeout(late)
}

/** With `--reload`, reports to the arbiter the files that are loaded from now on. */
async function reportLoadedFiles(boot: Booting): Promise<void> {
  const { config, channel, snapshot } = boot
  if (!config.reload) return
  const { LoadedFiles } = await import('../../application/module/loaded-files.js')
  boot.loaded = new LoadedFiles(files => channel.send({ type: 'loaded', files }))
  if (snapshot.configFile !== undefined) boot.loaded.add(snapshot.configFile)
}

/** Reads the functions of the config file, if there is one: they cannot travel in the boot message. JSON has none. */
async function readHooks(boot: Booting): Promise<void> {
  const { config, log, snapshot } = boot
  if (snapshot.configFile === undefined || extname(snapshot.configFile) === '.json') return
  // Only here: most servers have no hooks, and the reader of config files brings the whole table of settings.
  const { loadHooks } = await import('../../../config/sources/file.js')
  boot.hooks = new HookRunner('worker', { hooks: await loadHooks(snapshot.configFile), config, log })
}

function applicationHost(boot: Booting): ApplicationHost {
  const { log, config, snapshot, signalListeners } = boot
  return {
    directory: process.cwd(),
    listeners: snapshot.listeners,
    binds: config.bind.flatMap(address => placeOf(address) ?? []),
    interfaceName: config.interface,
    python: snapshot.python && {
      ...snapshot.python,
      config,
      output: boot.output,
      report: event => boot.channel.send(event),
    },
    loaded: files => {
      for (const file of files) boot.loaded?.add(file)
    },
    bootTimeout: config.bootTimeout,
    limits: { keepAliveTimeout: config.keepAlive, headersTimeout: config.headerTimeout },
    gateway: {
      log,
      multithread: !boot.admission?.oneAtATime,
      multiprocess: config.workers > 1,
      serverSoftware: `unicorn/${snapshot.version}`,
      rootPath: config.rootPath,
      forwardedSocket: config.forwardedSocket,
      mapsUnderscores: config.headerMap === 'dangerous',
      background: boot.admission?.oneAtATime ? backgroundOf(config, log) : undefined,
    },
    signalListeners,
    waitsFor: unfinished => {
      boot.unfinished = unfinished
    },
    // Of the first worker only: the others would repeat it.
    notice: text => log[snapshot.age === 1 ? 'info' : 'debug'](text),
    serverOpened: () => boot.worker?.standIn(),
    serverClosed: () => boot.worker?.closed(),
    processesChanged: () => boot.worker?.tellFigures(),
    fail: error => {
      if (!boot.worker) void boot.fail(error)
    },
  }
}

/** Small bodies need no directory, so the worker serves without one. For Python it is an error. */
async function warnOfUploads({ config, admission, snapshot, log }: Booting): Promise<void> {
  if (snapshot.python || snapshot.age > 1 || !buffersRequests(config, admission?.oneAtATime)) return
  try {
    await checkUploadDirectory(config.tmpUploadDir)
  } catch (error) {
    log.warn(toError(error).message)
  }
}

/** Loads what serves static files, if there are any. */
async function openStaticFiles(boot: Booting): Promise<void> {
  const { config, log } = boot
  if (config.static.length === 0) return
  const { openStatic } = await import('./open-static.js')
  boot.files = await openStatic(config, log)
}

/** In the first worker only: the others would repeat it. */
function warnOfLongPolling({ config: { workers }, snapshot, log }: Booting): void {
  if (workers === 1 || snapshot.age > 1 || !takesLongPolling()) return
  log.warn(
    `Socket.IO takes HTTP long-polling, whose requests reach any of the ${workers} workers, while one knows the session: most clients will fail to connect. Let server and clients use WebSockets alone, transports: ['websocket'], or serve with one worker; docs/guide.md has more`,
  )
}

function placeOf(address: Address): number | string | undefined {
  if (address.kind === 'tcp') return address.port
  return address.kind === 'unix' ? address.path : undefined
}

/** Puts the worker together of what the other steps have made. */
function createWorker(boot: Booting): void {
  const { application, admission, createEngine, snapshot } = boot
  if (!application || !admission || !createEngine) {
    throw new Error('no worker before its class, its application and its engine')
  }
  boot.loaded?.flush()
  boot.accessLog = openAccessLog(boot)
  boot.worker = new Worker({
    ...boot,
    application,
    admission,
    createEngine,
    files: boot.files,
    listeners: snapshot.listeners,
    access: boot.accessLog && new AccessRecorder(boot.accessLog),
    reopenLogs: () => boot.reopenLogs(),
    setLogLevel: level => boot.setLogLevel(level),
    exit: code => boot.exits.end(code),
  })
}
