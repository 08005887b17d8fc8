import type { Client } from './client.js'
import type { Call, Report } from './command.js'
import type { RunningRequest } from './stack.js'
import { readStatus, type WorkerStatus } from './status.js'
import { latencyText, table } from './table.js'

/** How many workers are asked at once: the server has a limit of connections. */
const AT_ONCE = 8
const MOST_SHOWN = 20

interface SlowRequest extends RunningRequest {
  /** The index of its worker. */
  readonly worker: number
  readonly pid: number | undefined
}

/** What one worker has answered. */
type Found = { readonly requests: readonly SlowRequest[] } | { readonly worker: number; readonly why: string }

const COLUMNS = [
  { title: 'AGE', isFigure: true },
  { title: 'WORKER', isFigure: true },
  { title: 'PID', isFigure: true },
  { title: 'METHOD' },
  { title: 'PATH' },
]

/** Asks every worker which requests it runs. One that does not answer is told of, and does not hide the others. */
export async function slowRequests({ client, surroundings }: Call): Promise<Report> {
  const { workers } = await readStatus(client)
  const left = workers.filter(({ pid, state }) => pid !== undefined && state !== 'starting' && state !== 'gone')
  const found: Found[] = []
  const askNext = async (): Promise<void> => {
    for (let worker = left.shift(); worker; worker = left.shift()) found.push(await askWorker(client, worker))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, askNext))
  const requests = found
    .flatMap(each => ('requests' in each ? each.requests : []))
    .sort((a, b) => b.age - a.age)
    .slice(0, MOST_SHOWN)
  const unanswered = found.filter(each => 'why' in each)
  for (const { worker, why } of unanswered) surroundings.warn(`worker ${worker} has not answered: ${why}`)
  const rows = requests.map(({ age, worker, pid, method, path }) => {
    return [latencyText(age), String(worker), String(pid), method, path]
  })
  return { json: { requests, unanswered }, text: rows.length > 0 ? table(COLUMNS, rows) : 'no requests are running\n' }
}

async function askWorker(client: Client, { index: worker, pid }: WorkerStatus): Promise<Found> {
  const { status, said } = await client.ask('GET', `/workers/${pid}/requests`)
  const { inFlight, why } = Object(said) as {
    readonly inFlight?: { readonly requests: readonly RunningRequest[] }
    readonly why?: string
  }
  if (status >= 400) return { worker, why: why ?? String(said) }
  return { requests: (inFlight?.requests ?? []).map(request => ({ worker, pid, ...request })) }
}
