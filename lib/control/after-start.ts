import type { ControlledServer } from '../arbiter/control.js'

/** A server has better things to do in its first moments, in milliseconds. */
const PAUSE = 1000

/** Calls a function when a server has been ready for a moment. @returns cancels that */
export function afterStart({ events, snapshot }: ControlledServer, act: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const begin = (): void => {
    timer ??= setTimeout(act, PAUSE).unref()
  }
  const unsubscribe = events.subscribe(event => {
    if (event.type === 'state' && event.state === 'running') begin()
  })
  if (snapshot.state !== 'starting') begin()
  return () => {
    unsubscribe()
    clearTimeout(timer)
  }
}
