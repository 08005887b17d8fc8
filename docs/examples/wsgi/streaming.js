// unicorn docs/examples/wsgi/streaming.js
import { setTimeout as sleep } from 'node:timers/promises'

/** Events (text/event-stream) until the client goes away, or has seen `count` of them. */
async function* events(environ, count) {
  const signal = environ['unicorn.signal']
  try {
    for (let i = 1; i <= count; i++) {
      yield `data: ${i}\n\n`
      await sleep(100, undefined, { signal })
    }
  } finally {
    // Runs at the end, and also when the client is gone: the place to give back what the stream holds.
    environ['wsgi.errors'].write(`the stream of ${environ.REMOTE_ADDR} has ended`)
  }
}

/** A body that is larger than memory costs none: the next line is made when the client has taken the last. */
function* lines(count) {
  for (let i = 1; i <= count; i++) yield `line ${i}\n`
}

/** What the client sends comes back while it is still sending. */
async function* echo(environ) {
  for await (const chunk of environ['wsgi.input']) yield chunk
}

export function application(environ, startResponse) {
  const { PATH_INFO } = environ
  const count = Number(new URLSearchParams(environ.QUERY_STRING).get('count') ?? 10)
  const type = PATH_INFO === '/events' ? 'text/event-stream' : 'text/plain'
  startResponse('200 OK', [['Content-Type', type]])
  if (PATH_INFO === '/events') return events(environ, count)
  return PATH_INFO === '/echo' ? echo(environ) : lines(count)
}
