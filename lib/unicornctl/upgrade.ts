import { type Client, refusal } from './client.js'
import type { Call, Report } from './command.js'
import { CtlExit, Failure } from './failure.js'
import { readStatus, type Status } from './status.js'

/** For how many looks in turn there may be no server: the socket passes from one to the other. */
const MOST_ABSENCES = 50

/** Has a new arbiter started, and with `--wait` waits until it serves. */
export async function upgrade({ client, options }: Call): Promise<Report> {
  const { status, said } = await client.ask('POST', '/upgrade')
  if (status >= 400) {
    const { message, exitCode, answer } = refusal(status, said)
    throw new Failure(`upgrade ${message}`, exitCode, answer)
  }
  const { pid } = said as { readonly pid?: number }
  if (!options.has('wait') || pid === undefined) return { json: said, text: `upgrade: started, pid ${pid}\n` }
  await untilServing(client, pid)
  return { json: { result: 'serving', pid }, text: `upgrade: the new arbiter serves, pid ${pid}\n` }
}

/** The new arbiter answers at the socket from its start on; if it ends, the old one answers again, and says so. */
async function untilServing(client: Client, pid: number): Promise<void> {
  for (let absences = 0; ; await client.pause()) {
    const status = await look(client, ++absences >= MOST_ABSENCES)
    if (!status) continue
    absences = 0
    if (status.pid === pid && status.state === 'running') return
    const outcome = status.lastOutcomes.upgrade
    if (status.pid === pid || outcome?.result !== 'ended') continue
    const why = outcome.why ?? 'the new arbiter has ended before it served'
    throw new Failure(`upgrade failed: ${why}; the old one, pid ${status.pid}, goes on, and the log says more`, 1, {
      result: 'failed',
      why,
    })
  }
}

async function look(client: Client, isLast: boolean): Promise<Status | undefined> {
  try {
    return await readStatus(client)
  } catch (error) {
    if (!isLast && error instanceof Failure && error.exitCode === CtlExit.noServer) return undefined
    throw error
  }
}
