import type { InterfaceName } from '../../../config/interfaces.js'
import { backgroundOf } from '../../gateway/background.js'
import { createAsgiGateway, createPythonGateway } from '../../gateway/python/python-gateway.js'
import { WebSockets } from '../../gateway/python/websockets.js'
import { checkUploadDirectory, UploadSpace } from '../../http/upload/upload-space.js'
import type { Application, ApplicationHost, BesideServers } from '../application.js'
import { logHook } from './hook-log.js'
import { ProcessPool } from './process-pool.js'
import type { PythonSettings, Report } from './python-settings.js'

/** A Python application opens no servers that this process would know of. */
const NO_SERVERS: BesideServers = { connections: 0, foreign: 0, retire() {}, closeIdle() {} }

/** Starts the Python processes of this front. */
export async function loadPythonApplication(
  spec: string,
  name: InterfaceName,
  host: ApplicationHost,
): Promise<Application> {
  const { python, directory, gateway } = host
  if (!python) throw new Error('no Python was found for an application in Python')
  const { config, interpreter, processes, hooks, report } = python
  const { log, multiprocess, serverSoftware } = gateway
  const settings: PythonSettings = {
    interpreter,
    app: spec,
    directory,
    path: [...config.pythonpath, directory],
    interface: name === 'asgi' ? ('asgi' as const) : ('auto' as const),
    threads: config.threads,
    workerConnections: config.workerConnections,
    lifespan: config.lifespan,
    multiprocess,
    software: serverSoftware,
    rootPath: config.rootPath,
    // Elsewhere, a fork of a process that has used the system's frameworks may not go on.
    preload: config.preload && process.platform === 'linux',
    reload: config.reload,
    hooks,
    output: (config.captureOutput ?? config.logFormat === 'json') ? python.output : undefined,
    onReport: (message: Report, pid: number) =>
      message.type === 'loaded' ? host.loaded(message.files) : logHook(message, log, { pythonPid: pid }),
  }
  const changed = host.processesChanged.bind(host)
  await checkUploadDirectory(config.tmpUploadDir)
  const pool = new ProcessPool(processes, settings, { limits: config, log, report, changed })
  host.waitsFor(() => pool.unfinished())
  await pool.start()
  // What later processes are told does not change, though the application's file may.
  settings.interface = pool.isAsgi ? 'asgi' : 'wsgi'
  const worker = {
    log,
    uploads: new UploadSpace(config.tmpUploadDir),
    background: backgroundOf(config, log),
    mapsUnderscores: config.headerMap === 'dangerous',
    submit: pool.submit.bind(pool),
  }
  return {
    gateway: pool.isAsgi ? createAsgiGateway(worker) : createPythonGateway(worker),
    server: pool.isAsgi ? new WebSockets(worker) : undefined,
    others: NO_SERVERS,
    accepting() {},
    terminated() {},
    announceEnd() {},
    askToEnd() {},
    release() {},
    close: () => pool.close(),
    processes: pool,
  }
}
