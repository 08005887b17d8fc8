import { HookRunner } from '../../../config/hook-runner.js'
import type { ApplicationHost } from '../../application/application.js'
import { type AccessLog, createAccessLog } from '../../logging/access.js'
import { AccessRecorder } from '../access-recorder.js'
import { Worker } from '../worker.js'
import type { Booting } from './booting.js'

/** With `--reload`, reports to the arbiter the files that are loaded from now on. */
export async function reportLoadedFiles(boot: Booting): Promise<void> {
  const { config, channel, snapshot } = boot
  if (!config.reload) return
  const { LoadedFiles } = await import('../../application/module/loaded-files.js')
  boot.loaded = new LoadedFiles(files => channel.send({ type: 'loaded', files }))
  if (snapshot.configFile !== undefined) boot.loaded.add(snapshot.configFile)
}

/** Reads the functions of the config file, if there is one: they cannot travel in the boot message. */
export async function readHooks(boot: Booting): Promise<void> {
  const { config, log, snapshot } = boot
  if (snapshot.configFile === undefined) return
  // Only here: most servers have no config file, and its reader brings the whole table of settings.
  const { loadHooks } = await import('../../../config/sources/file.js')
  boot.hooks = new HookRunner('worker', { hooks: await loadHooks(snapshot.configFile), config, log })
}

/** What the application gets from this process, and reports to it. */
export function applicationHost(boot: Booting): ApplicationHost {
  const { log, config, snapshot, signalListeners } = boot
  return {
    directory: process.cwd(),
    listeners: snapshot.listeners,
    gateway: {
      log,
      multithread: !boot.admission?.oneAtATime,
      multiprocess: config.workers > 1,
      serverSoftware: `unicorn/${snapshot.version}`,
    },
    signalListeners,
    waitsFor: unfinished => {
      boot.unfinished = unfinished
    },
    // Of the first worker only: the others would repeat it.
    notice: text => log[snapshot.age === 1 ? 'info' : 'debug'](text),
    serverOpened: () => boot.worker?.standIn(),
    serverClosed: () => boot.worker?.closed(),
    fail: error => !boot.worker && boot.fail(error),
  }
}

/** Puts the worker together of what the other steps have made. */
export function createWorker(boot: Booting): void {
  const { application, admission, snapshot, config, hooks, channel, log, watchdog, server, self } = boot
  if (!application || !admission) throw new Error('no worker before its class and its application')
  boot.loaded?.flush()
  const accessLog = openAccessLog(boot)
  boot.accessLog = accessLog
  boot.worker = new Worker({
    config,
    hooks,
    listeners: snapshot.listeners,
    application,
    admission,
    channel,
    log,
    watchdog,
    access: accessLog && new AccessRecorder(accessLog),
    server,
    self,
    reopenLogs: () => boot.reopenLogs(),
    exit: code => boot.exit(code),
  })
}

function openAccessLog({ config, log }: Booting): AccessLog | undefined {
  const { accesslog, accessLogFormat: format } = config
  if (accesslog === undefined) return undefined
  return createAccessLog({ accesslog, format, onProblem: error => log.error({ err: error }, error.message) })
}
