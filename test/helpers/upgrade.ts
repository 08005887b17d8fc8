import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import { messages } from './messages.js'
import { gone, isRunning, killAndWait } from './process.js'
import type { Server } from './server-process.js'

/** USR2: the pid of the new arbiter, which ends with the test. Nothing is known of its workers yet. */
export async function startUpgrade(t: Test, server: Server): Promise<number> {
  const after = server.lines.at(-1)
  server.signal('SIGUSR2')
  const { successor } = await server.log(messages.upgrading, after && { after })
  const pid = Number(successor)
  atEnd(t, async () => {
    try {
      await stopArbiter(pid)
    } finally {
      await killAndWait(pid)
    }
  })
  return pid
}

/** TERM, and the end of that process. Its workers are gone by then. */
export async function stopArbiter(pid: number): Promise<void> {
  if (isRunning(pid)) process.kill(pid, 'SIGTERM')
  await gone(pid)
}
