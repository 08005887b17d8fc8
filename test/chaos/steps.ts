import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { handling, messages } from '../helpers/messages.js'
import { isStopped, killAndWait } from '../helpers/process.js'
import { until } from '../helpers/until.js'
import { halt, lossOf, murder } from '../soak/losses.js'
import { APP } from './app.js'
import { ask, calm, lineOf, replaced, victim, type World } from './world.js'

/** Something that happens to a server. The server is calm before it, and again after it. */
export interface Step {
  readonly name: string
  /** Lines of level error that must come. */
  readonly errors?: readonly RegExp[]
  /** Lines of level warn that may come. */
  readonly warnings?: readonly RegExp[]
  run(world: World): Promise<void>
}

export const PIDFILE = 'chaos.pid'
export const ACCESS_LOG = 'access.log'

/** Of the server, in seconds: longer than a machine that is busy with all this lets a healthy worker wait. */
export const TIMEOUT = 4
/** Of a worker and of the arbiter, in milliseconds: up to well below `timeout`, and above it. */
const LONGEST_PAUSE = 2500
const LONG_STOP = 5000

/** A few workers that die young are replaced after a pause, which is announced. */
const crashLoop = /^Crash loop/

/** A worker's end by KILL, as memory that has run out causes it. */
const kill: Step = {
  name: 'kill',
  errors: [messages.exited],
  warnings: [crashLoop],
  run: async world => {
    const worker = victim(world)
    world.losses.push(await murder(worker))
    await replaced(world, worker)
  },
}

/** An event loop that is blocked for ever. */
const hang: Step = {
  name: 'hang',
  errors: [messages.timeout, messages.hangs, messages.exited],
  warnings: [crashLoop],
  run: async world => {
    const { server } = world.soaked
    const after = server.lines.at(-1)
    const cut = ask(world, { path: '/hang' })
    const { msg } = await server.log(/^hanging/, after && { after })
    const worker = Number(msg.split(' ')[1])
    world.losses.push(lossOf(worker))
    await lineOf(world, messages.hangs, worker)
    await replaced(world, worker)
    await cut
  },
}

/** A worker that does not run for so long that it has to be replaced; nothing can look at it. */
const stopForEver: Step = {
  name: 'stop-for-ever',
  errors: [messages.timeout, messages.exited],
  warnings: [crashLoop],
  run: async world => {
    const worker = victim(world)
    world.losses.push(await halt(worker))
    await replaced(world, worker)
  },
}

async function stopFor(pid: number, milliseconds: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await until(`${pid} stands still`, () => isStopped(pid))
  await pause(milliseconds)
  process.kill(pid, 'SIGCONT')
}

const stopWorker: Step = {
  name: 'stop-worker',
  run: async world => stopFor(victim(world), world.random.below(LONGEST_PAUSE)),
}

const stopArbiter: Step = { name: 'stop-arbiter', run: ({ soaked }) => stopFor(soaked.arbiter, LONG_STOP) }

const reload: Step = {
  name: 'reload',
  run: async world => {
    await world.soaked.signal('SIGHUP', messages.reloaded)
    await calm(world)
  },
}

const brokenReload: Step = {
  name: 'broken-reload',
  errors: [messages.appLoadFailed, messages.reloadFailed, messages.exited],
  run: async world => {
    world.soaked.write('app.js', 'export function application( {')
    await world.soaked.signal('SIGHUP', messages.reloadFailed)
    world.soaked.write('app.js', APP)
    await calm(world)
  },
}

const upgrade: Step = {
  name: 'upgrade',
  run: async world => {
    await world.soaked.upgrade(world.workers)
    await calm(world)
  },
}

const rollBack: Step = {
  name: 'roll-back',
  run: async world => {
    await world.soaked.rollBack(world.workers)
    await calm(world)
  },
}

const moreAndLess: Step = {
  name: 'more-and-less',
  run: async world => {
    await world.soaked.signal('SIGTTIN', messages.ready)
    await world.soaked.signal('SIGTTOU', handling('ttou'))
    await calm(world)
  },
}

/** Signals faster than they can be obeyed. The last reload brings the number of workers back. */
const burst: Step = {
  name: 'burst',
  run: async world => {
    const { soaked, random } = world
    for (let count = random.below(6); count > 0; count--) {
      process.kill(soaked.arbiter, random.pick(['SIGHUP', 'SIGTTIN', 'SIGTTOU', 'SIGUSR1']))
      await pause(random.below(100))
    }
    await soaked.signal('SIGHUP', messages.reloaded)
    await calm(world)
  },
}

/** An error that nothing in the application catches: the worker answers what it has, and is replaced. */
const throws: Step = {
  name: 'throw',
  errors: [messages.uncaught, messages.exited],
  warnings: [crashLoop],
  run: async world => {
    const { server } = world.soaked
    const after = server.lines.at(-1)
    await ask(world, { path: '/throw' })
    const { pid = 0 } = await server.log(messages.uncaught, after && { after })
    await replaced(world, pid)
  },
}

const fails: Step = {
  name: 'fail',
  errors: [messages.applicationFailed],
  run: async world => {
    const found = await ask(world, { path: '/fail' })
    if (found !== 'status 500') throw new Error(`a request whose handler throws: ${found}, wanted status 500`)
  },
}

/** A log file is taken away, as logrotate does. */
const removeLog: Step = {
  name: 'remove-log',
  run: async world => {
    const { soaked } = world
    const path = join(soaked.server.cwd, ACCESS_LOG)
    rmSync(path, { force: true })
    await soaked.signal('SIGUSR1', handling('usr1'))
    await until('the access log has lines again', () => existsSync(path) && readFileSync(path, 'utf8') !== '')
  },
}

/** A cleaner takes the pid file away; a reload writes it again. */
const removePidfile: Step = {
  name: 'remove-pidfile',
  run: async world => {
    const path = join(world.soaked.server.cwd, PIDFILE)
    rmSync(path)
    await reload.run(world)
    if (!existsSync(path)) throw new Error('a reload did not write the pid file that was removed')
  },
}

/** Each worker that writes to it from then on says once that this is lost. */
const closeStdout: Step = {
  name: 'close-stdout',
  warnings: [messages.streamBroken],
  run: async ({ soaked }) => soaked.closeStdout(),
}

/** Other processes want all of the machine. */
const busyMachine: Step = {
  name: 'busy-machine',
  run: async world => {
    const loop = `const end = Date.now() + 30_000; while (Date.now() < end);`
    const busy = Array.from({ length: availableParallelism() }, () =>
      spawn(process.execPath, ['-e', loop], { stdio: 'ignore' }),
    )
    try {
      await reload.run(world)
    } finally {
      for (const { pid } of busy) if (pid !== undefined) await killAndWait(pid)
    }
  },
}

/** Those that take little more than the boot of a worker, without those that the soak has too. */
export const quickSteps: readonly Step[] = [
  kill,
  stopWorker,
  upgrade,
  throws,
  fails,
  removeLog,
  removePidfile,
  closeStdout,
]

const others = [hang, stopForEver, stopArbiter, reload, brokenReload, rollBack, moreAndLess, burst, busyMachine]

export const steps: readonly Step[] = [...quickSteps, ...others]
