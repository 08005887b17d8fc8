import { loadApplication } from '../../application/load-application.js'
import { ExitCode } from '../../errors.js'
import { requireLibc } from '../../sys/libc.js'
import { workerClass } from '../admission/registry.js'
import { Watchdog } from '../watchdog/watchdog.js'
import type { Booting } from './booting.js'
import { applicationHost, createWorker, readHooks, reportLoadedFiles } from './tasks.js'

/** A step of a worker's boot. */
export interface BootStep {
  /** Whether `--check-config` takes it too. */
  readonly inCheck: boolean
  /** The exit code if it fails. */
  readonly failure: ExitCode
  /**
   * What the log says if it is not over at `bootTimeout`; absent if it takes no time.
   * @param within  such as `within 3000 ms (--boot-timeout)`
   */
  stuck?(within: string, boot: Booting): string | Promise<string>
  run(boot: Booting): void | Promise<void>
}

const { workerBoot, appLoad } = ExitCode

/** The steps from the boot message to a worker that can serve, in their order. */
export const STEPS: Readonly<Record<string, BootStep>> = {
  announce: {
    inCheck: false,
    failure: workerBoot,
    run: ({ log, snapshot }) => log.info({ worker: snapshot.index }, `Booting worker with pid: ${process.pid}`),
  },
  libc: { inCheck: true, failure: workerBoot, run: requireLibc },
  // Before the application runs, which may hang. After our own modules are loaded: a thread that starts slows that.
  watchdog: {
    inCheck: false,
    failure: workerBoot,
    run: boot => {
      if (boot.config.watchdog) boot.watchdog = new Watchdog(boot.snapshot, boot.log)
    },
  },
  loadedFiles: { inCheck: false, failure: workerBoot, run: reportLoadedFiles },
  configFile: {
    inCheck: true,
    failure: workerBoot,
    stuck: (within, { snapshot }) =>
      `not ready ${within}, since the config file ${snapshot.configFile} has not finished loading`,
    run: readHooks,
  },
  postFork: {
    inCheck: false,
    failure: workerBoot,
    stuck: within => `not ready ${within}, since the hook postFork has not come to its end`,
    run: ({ hooks, server, self }) => hooks.run('postFork', server, self),
  },
  workerClass: {
    inCheck: true,
    failure: workerBoot,
    stuck: (within, { config }) =>
      `not ready ${within}, since the worker class ${config.workerClass} has not finished loading`,
    run: async boot => {
      boot.admission = await workerClass(boot.config.workerClass, process.cwd())
    },
  },
  application: {
    inCheck: true,
    failure: appLoad,
    stuck: async (within, boot) => `not ready ${within}, since ${await boot.unfinished()}`,
    run: async boot => {
      boot.application = await loadApplication(boot.config.app, boot.config.interface, applicationHost(boot))
    },
  },
  postWorkerInit: {
    inCheck: false,
    failure: workerBoot,
    stuck: within => `not ready ${within}, since the hook postWorkerInit has not come to its end`,
    run: ({ hooks, self }) => hooks.run('postWorkerInit', self),
  },
  ready: {
    inCheck: false,
    failure: appLoad,
    stuck: within =>
      `the application has not said process.send('ready') ${within}; send it when the application can serve, or do without --wait-ready`,
    run: ({ ready, log }) => ready?.wait(log),
  },
  worker: { inCheck: false, failure: workerBoot, run: createWorker },
}
