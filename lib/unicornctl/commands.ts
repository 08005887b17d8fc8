import { LOG_LEVELS } from '../logging/names.js'
import { refusal } from './client.js'
import type { Call, CommandRow, Options, Report } from './command.js'
import { showEvents } from './events.js'
import { CtlExit, Failure } from './failure.js'
import { saveHeapSnapshot, saveProfile, secondsOf } from './save.js'
import { statusText, workersText } from './show.js'
import { slowRequests } from './slow.js'
import { showStack } from './stack.js'
import { readStatus } from './status.js'
import { stop } from './stop.js'
import { plain } from './table.js'
import { top } from './top/top.js'
import { upgrade } from './upgrade.js'

/** For what the server answers at once, in milliseconds. */
const SHORT = 10_000
/** For a snapshot of the heap, which stops a worker for 60 s at most, and its way here. */
const LONG = 300_000

const WORKER = { form: '<WORKER>', description: 'the pid or the index of a worker' }
const WAIT = { flags: '--wait', description: 'wait until it is done, and say what became of it' }
const OUTPUT = {
  flags: '-o, --output <FILE>',
  description: 'the file to write, which must not exist; - is standard output',
}

const short = (): number => SHORT
const shortUnlessWaiting = (options: Options): number | undefined => (options.has('wait') ? undefined : SHORT)

/** THE table of commands. */
export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  status: {
    description: 'show the server, its workers and what became of the last commands',
    patience: short,
    run: async ({ client }) => {
      const status = await readStatus(client)
      return { json: status, text: statusText(status) }
    },
  },
  workers: {
    description: 'show the workers',
    patience: short,
    run: async ({ client }) => {
      const status = await readStatus(client)
      return { json: status.workers, text: workersText(status) }
    },
  },
  config: {
    description: 'show the settings in force',
    patience: short,
    run: async ({ client }) => {
      const settings = Object.entries(Object(await client.fetch('GET', '/config')))
      const width = Math.max(...settings.map(([name]) => name.length))
      const lines = settings.map(([name, value]) => `${name.padEnd(width)} = ${plain(String(value))}\n`)
      return { json: Object.fromEntries(settings), text: lines.join('') }
    },
  },
  reload: {
    description: 'read the configuration anew and replace all workers, as HUP does',
    options: [WAIT],
    patience: shortUnlessWaiting,
    run: call => order(call, '/reload', 'reload'),
  },
  scale: {
    description: 'have so many workers until the next reload, or so many more or fewer',
    argument: { form: '<N>', description: 'a number, or +1, -1 and the like' },
    options: [WAIT],
    patience: shortUnlessWaiting,
    run: call => order(call, `/scale?${amountOf(call.args)}`, 'scale'),
  },
  retire: {
    description: 'replace a worker, which serves until its replacement is ready',
    argument: WORKER,
    patience: short,
    run: call => order(call, `/workers/${workerOf(call)}/retire`, 'retire'),
  },
  kill: {
    description: 'end a worker at once; it is replaced',
    argument: WORKER,
    patience: short,
    run: call => order(call, `/workers/${workerOf(call)}/kill`, 'kill'),
  },
  upgrade: {
    description: 'start a new arbiter beside the old one, from what is on disk, as USR2 does',
    options: [{ flags: '--wait', description: 'wait until the new arbiter serves, and say why if it does not' }],
    patience: shortUnlessWaiting,
    run: upgrade,
  },
  stop: {
    description: 'end the server, as TERM does',
    options: [
      { flags: '--now', description: 'drop what is in flight, as QUIT does' },
      { flags: '--wait', description: 'wait until the server is gone' },
    ],
    patience: shortUnlessWaiting,
    run: stop,
  },
  reopen: {
    description: 'open the log files anew, as USR1 does',
    patience: short,
    run: call => order(call, '/reopen', 'reopen'),
  },
  'log-level': {
    description: 'say which lines the error log holds until the next reload',
    argument: { form: '<LEVEL>', description: LOG_LEVELS.join(', '), choices: LOG_LEVELS },
    patience: short,
    run: call => order(call, `/log-level?level=${encodeURIComponent(call.args[0] ?? '')}`, 'log-level'),
  },
  events: {
    description: 'show the last events: workers that come and go, hangs, outcomes of commands',
    options: [{ flags: '-f, --follow', description: 'go on with those to come' }],
    patience: options => (options.has('follow') ? undefined : SHORT),
    run: showEvents,
  },
  stack: {
    description: 'show where a worker is in its code at this moment, idle or busy',
    argument: WORKER,
    patience: short,
    run: call => showStack(call, workerOf(call)),
  },
  profile: {
    description: 'record where the time of a worker goes, as a .cpuprofile for the tools of Chrome and VS Code',
    argument: WORKER,
    options: [{ flags: '--seconds <N>', description: 'for how long, up to 300 (default: 10)' }, OUTPUT],
    patience: options => secondsOf(options) * 1000 + 30_000,
    run: call => saveProfile(call, workerOf(call)),
  },
  'heap-snapshot': {
    description: 'record what is on the heap of a worker, which serves nothing meanwhile, as a .heapsnapshot',
    argument: WORKER,
    options: [OUTPUT],
    patience: () => LONG,
    run: call => saveHeapSnapshot(call, workerOf(call)),
  },
  slow: {
    description: 'show the requests that have been running for the longest time, over all workers',
    patience: short,
    run: slowRequests,
  },
  top: {
    description: 'show what the workers do, live; without a terminal as a table each second',
    options: [{ flags: '--once', description: 'print one table' }],
    patience: options => (options.has('once') ? SHORT : undefined),
    run: top,
  },
}

/** Gives a command that is one request. */
async function order({ client, options }: Call, target: string, name: string): Promise<Report> {
  const wait = options.has('wait') ? `${target.includes('?') ? '&' : '?'}wait` : ''
  const { status, said } = await client.ask('POST', `${target}${wait}`)
  if (status >= 400) {
    const { message, exitCode, answer } = refusal(status, said)
    throw new Failure(`${name} ${message}${hintOn(said)}`, exitCode, answer)
  }
  const { result, ...facts } = Object(said) as { readonly result?: unknown }
  const words = Object.entries(facts).map(([key, value]) => `${key} ${value}`)
  return { json: said, text: `${[`${name}: ${result}`, ...words].join(', ')}\n` }
}

/** What a result means that says no more. */
function hintOn(said: unknown): string {
  const { result, target } = Object(said) as { readonly result?: unknown; readonly target?: unknown }
  if (result === 'overtaken') return ': a later command has taken its place'
  if (result === 'withdrawn') return ': the server stops'
  if (result !== 'failed') return ''
  return target === 0 ? '; nothing is served' : '; the old workers go on, and the log says more'
}

function workerOf({ args: [worker = ''] }: Call): string {
  if (/^\d{1,10}$/.test(worker)) return worker
  throw new Failure(`found ${JSON.stringify(worker)}, wanted the pid or the index of a worker`, CtlExit.usage)
}

function amountOf([amount = '']: readonly string[]): string {
  if (/^[+-]\d{1,3}$/.test(amount)) return `by=${encodeURIComponent(amount)}`
  if (/^[1-9]\d{0,3}$/.test(amount)) return `to=${amount}`
  throw new Failure(
    `found ${JSON.stringify(amount)}, wanted a number from 1 to 9999, or one with + or -`,
    CtlExit.usage,
  )
}
