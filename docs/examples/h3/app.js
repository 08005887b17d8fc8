import { defineHandler, getRequestIP, H3, HTTPError, readBody } from 'h3'

/** An h3 application as it is: `unicorn --workers 2 app.js` finds its `fetch`. */
const app = new H3()

app.get('/', () => `Hello from worker ${process.pid}\n`)

app.get('/peer', event => ({ address: getRequestIP(event) }))

app.post('/notes', async event => {
  const { title } = await readBody(event)
  if (!title) throw new HTTPError({ status: 422, message: 'a note has a title' })
  // Goes on after the response; a worker that drains waits for it.
  event.waitUntil(remember(title))
  event.res.status = 201
  event.res.headers.set('location', `/notes/${encodeURIComponent(title)}`)
  return { title }
})

/** Sends back what the client sends, chunk by chunk. */
app.post(
  '/echo',
  defineHandler(event => event.req.body),
)

async function remember(title) {
  console.log(`noted: ${title}`)
}

export default app
