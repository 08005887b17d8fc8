import { setTimeout as sleep } from 'node:timers/promises'

let running = 0

/** Takes a second, and says how many requests were then running in this worker. */
export async function application(_environ, startResponse) {
  running++
  await sleep(1000)
  const body = `${running} at once\n`
  running--
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return [body]
}
