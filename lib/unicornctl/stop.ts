import { type Client, refusal } from './client.js'
import type { Call, Report } from './command.js'
import { CtlExit, Failure } from './failure.js'
import { readStatus } from './status.js'

/** Ends the server; with `--wait` it is gone when this is done. */
export async function stop({ client, options }: Call): Promise<Report> {
  const wait = options.has('wait')
  const { pid } = await readStatus(client)
  const query = [...(options.has('now') ? ['now'] : []), ...(wait ? ['wait'] : [])].join('&')
  const said = await unlessGone(async () => {
    const { status, said } = await client.ask('POST', `/stop?${query}`)
    if (status < 400) return said
    const { message, exitCode, answer } = refusal(status, said)
    throw new Failure(`stop ${message}`, exitCode, answer)
  })
  if (wait) await untilGone(client, pid)
  return { json: said ?? { result: 'stopped' }, text: wait ? `stop: stopped, pid ${pid}\n` : 'stop: accepted\n' }
}

/** Another arbiter may answer, during an upgrade. */
async function untilGone(client: Client, pid: number): Promise<void> {
  for (;;) {
    const status = await unlessGone(() => readStatus(client))
    if (status?.pid !== pid) return
    await client.pause()
  }
}

async function unlessGone<Value>(action: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof Failure && error.exitCode === CtlExit.noServer) return undefined
    throw error
  }
}
