import cluster from 'node:cluster'
import { createServer, type RequestListener } from 'node:http'

/**
 * What everything is measured against: plain `node:http` under `node:cluster`, as its documentation shows it. It says on stderr
 * what the server under test says, so that both are started, awaited and stopped by the same code.
 *
 * Run as: node bare.js none|rr APP WORKERS
 */
const [policy, app = '', workers = '1'] = process.argv.slice(2)

/** The server under test's default, so that the kernel queues as much for either. */
const BACKLOG = 2048

if (cluster.isPrimary) supervise()
else await serve()

function supervise(): void {
  cluster.schedulingPolicy = policy === 'rr' ? cluster.SCHED_RR : cluster.SCHED_NONE
  let announced = false
  cluster.on('listening', (worker, { port }) => {
    if (!announced) say({ msg: `Listening at: http://127.0.0.1:${port}` })
    announced = true
    say({ msg: 'Worker ready', workerPid: worker.process.pid })
  })
  for (let i = 0; i < Number(workers); i++) cluster.fork()
}

async function serve(): Promise<void> {
  // The measures name one of the modules beside this one, all of which export a handler.
  const { handler } = (await import(`./${app}.js`)) as { handler: RequestListener }
  createServer(handler).listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG })
}

function say(line: object): void {
  process.stderr.write(`${JSON.stringify(line)}\n`)
}
