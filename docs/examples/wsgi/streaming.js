// unicorn docs/examples/wsgi/streaming.js
import { setTimeout as sleep } from 'node:timers/promises'

/** Sends `count` events (text/event-stream), or fewer if the client goes away. */
async function* events(environ, count) {
  const signal = environ['unicorn.signal']
  try {
    for (let i = 1; i <= count; i++) {
      yield `data: ${i}\n\n`
      await sleep(100, undefined, { signal })
    }
  } finally {
    // Runs at the end, and also when the client is gone: release here what the stream holds.
    environ['wsgi.errors'].write(`the stream of ${environ.REMOTE_ADDR} has ended`)
  }
}

/** Sends a body that may be larger than memory: makes the next line when the client has taken the last. */
function* lines(count) {
  for (let i = 1; i <= count; i++) yield `line ${i}\n`
}

/** Sends back what the client sends, while it is still sending. */
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
