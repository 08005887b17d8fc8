import type { ServerEvent } from '../../config/events.js'
import type { EventStream } from '../arbiter/events.js'
import type { Reply } from './routes.js'

/** After so much silence an empty line shows that both ends are there, in milliseconds. */
const SILENCE = 5000

/** The last events, and with `isEndless` those to come, each as a line of JSON. */
export function follow(events: EventStream, isEndless: boolean, signal: AbortSignal): Reply {
  const type = 'application/x-ndjson'
  if (!isEndless) return { type, body: events.recent.map(lineOf).join('') }
  return { type, body: linesOf(events, signal) }
}

async function* linesOf(events: EventStream, signal: AbortSignal): AsyncGenerator<string> {
  let waiting = events.recent.map(lineOf).join('')
  let wake = (): void => {}
  const unsubscribe = events.subscribe(event => {
    waiting += lineOf(event)
    wake()
  })
  signal.addEventListener('abort', () => wake())
  try {
    while (!signal.aborted) {
      if (waiting !== '') yield waiting
      waiting = ''
      await new Promise<void>(resolve => {
        wake = resolve
        setTimeout(resolve, SILENCE)
      })
      if (waiting === '') waiting = '\n'
    }
  } finally {
    unsubscribe()
  }
}

function lineOf(event: ServerEvent): string {
  return `${JSON.stringify(event)}\n`
}
