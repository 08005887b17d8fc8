import type { ApplicationHost } from '../../application/application.js'
import type { LoadedFiles } from '../../application/module/loaded-files.js'
import { type AccessLog, createAccessLog } from '../../logging/access.js'
import { AccessRecorder } from '../access-recorder.js'
import { Worker } from '../worker.js'
import type { Booting } from './booting.js'

/** Reports to the arbiter the files that are loaded from now on. Imported only here: few servers reload on changes. */
export async function reportLoadedFiles({ channel, snapshot }: Booting): Promise<LoadedFiles> {
  const { LoadedFiles } = await import('../../application/module/loaded-files.js')
  const loaded = new LoadedFiles(files => channel.send({ type: 'loaded', files }))
  if (snapshot.configFile !== undefined) loaded.add(snapshot.configFile)
  return loaded
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

export function openAccessLog({ config, log }: Booting): AccessLog | undefined {
  const { accesslog, accessLogFormat: format } = config
  if (accesslog === undefined) return undefined
  return createAccessLog({ accesslog, format, onProblem: error => log.error({ err: error }, error.message) })
}

/** Puts the worker together of what the steps have made. */
export function createWorker(boot: Booting): Worker {
  const { application, admission, accessLog, config, hooks, channel, log, watchdog, server, self } = boot
  if (!application || !admission) throw new Error('no worker before its class and its application')
  return new Worker({
    config,
    hooks,
    listeners: boot.snapshot.listeners,
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
