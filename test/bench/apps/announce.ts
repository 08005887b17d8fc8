import cluster from 'node:cluster'

/**
 * For the primary process: says on stderr what the server under test says, so that all are started, awaited and stopped
 * by the same code.
 */
export function announce(): void {
  let announced = false
  cluster.on('listening', (worker, { port }) => {
    if (!announced) say({ msg: `Listening at: http://127.0.0.1:${port}` })
    announced = true
    say({ msg: 'Worker ready', workerPid: worker.process.pid })
  })
}

function say(line: object): void {
  process.stderr.write(`${JSON.stringify(line)}\n`)
}
