import { getConnInfo } from '@hono/node-server/conninfo'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { streamSSE } from 'hono/streaming'

/** A Hono application as it is: `unicorn --workers 2 app.js` finds its `fetch`. */
const app = new Hono()
const visits = []

app.get('/', c => c.text(`Hello from worker ${process.pid}\n`))

app.get('/peer', c => c.json(getConnInfo(c).remote))

app.post('/notes', async c => {
  const { title } = await c.req.json()
  if (!title) throw new HTTPException(422, { message: 'a note has a title' })
  // Goes on after the response; a worker that drains waits for it.
  c.executionCtx.waitUntil(remember(title))
  c.header('Location', `/notes/${encodeURIComponent(title)}`)
  return c.json({ title }, 201)
})

/** Streams events until the client goes away. */
app.get('/events', c =>
  streamSSE(c, async stream => {
    for (let id = 1; !stream.aborted; id++) {
      await stream.writeSSE({ id: String(id), data: new Date().toISOString() })
      await stream.sleep(100)
    }
    console.log(`the events of ${c.req.path} have ended`)
  }),
)

app.onError((error, c) =>
  error instanceof HTTPException ? c.json({ error: error.message }, error.status) : c.text('Oops', 500),
)

async function remember(title) {
  visits.push(title)
  console.log(`noted: ${title}`)
}

export default app
