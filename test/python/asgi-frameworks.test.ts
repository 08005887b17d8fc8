import t from 'tap'
import { Client } from '../helpers/http.js'
import { requireModules, startPython } from '../helpers/python.js'
import { connectRaw, head } from '../helpers/raw.js'
import { ask, openWebSocket } from '../helpers/web-socket.js'
import { copyOfExample, prepareDjango, serve } from './example.js'
import { Visitor } from './visitor.js'

requireModules('django', 'whitenoise', 'starlette')

const LARGE = Array.from({ length: 400_000 }, (_, line) => `${line}\n`).join('')
const CHUNKED = { 'Transfer-Encoding': 'chunked' }

t.test('a Django project by its asgi.py: what is named is served, though there is a wsgi.py', async t => {
  const directory = copyOfExample(t, 'django')
  await prepareDjango(directory)
  const server = await serve(t, directory, 'my_project.asgi:application')
  const visitor = new Visitor(t, server.target)

  await t.test('pages, static files, sessions', async t => {
    t.match(await visitor.get('/'), { status: 200, body: /<h1>Documents<\/h1>/ })
    t.match(await visitor.get('/static/admin/css/base.css'), { status: 200, body: /body/ })
    t.match(await visitor.get('/'), { status: 200, body: /session: 2/ })
    t.match(await visitor.get('/nowhere'), { status: 404, body: /Not Found/ })
  })

  await t.test('forms and uploads, in chunks too', async t => {
    t.match(await visitor.submit('/', { title: 'By form' }), { status: 302, headers: { location: '/' } })
    t.match(await visitor.submit('/', { title: 'In chunks' }, CHUNKED), { status: 302 })
    for (const headers of [{}, CHUNKED]) {
      const title = `Large ${Object.keys(headers).length}`
      const file = { name: `${title.replace(' ', '-')}.txt`, content: LARGE }
      t.match(await visitor.upload('/', { title }, file, headers), { status: 302 }, title)
      const link = new RegExp(`href="([^"]+)">${title}<`).exec((await visitor.get('/')).body)?.[1] ?? ''
      t.ok((await visitor.get(link)).body === LARGE, `${title} comes back`)
    }
  })

  await t.test('the admin', async t => {
    t.match(await visitor.logIn(), { status: 302, headers: { location: '/admin/' } })
    t.match(await visitor.get('/admin/'), { status: 200, body: /Site administration/ })
  })

  t.same(await server.stop(), { code: 0, signal: null })
})

const STARLETTE = `
import asyncio
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute

DONE = []

async def events(request):
    async def lines():
        try:
            while True:
                yield 'data: now\\n\\n'
                await asyncio.sleep(0.02)
        finally:
            DONE.append('events')
    return StreamingResponse(lines(), media_type='text/event-stream')

async def background(request):
    async def task():
        await asyncio.sleep(0.05)
        DONE.append('background')
    return PlainTextResponse('answered', background=BackgroundTask(task))

async def done(request):
    return JSONResponse(DONE)

def blocking(request):
    import time
    time.sleep(0.2)
    return PlainTextResponse('in a thread')

async def chat(socket):
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_json({'said': text})
    DONE.append('chat')

application = Starlette(routes=[
    Route('/events', events),
    Mount('/inner', routes=[Route('/background', background)]),
    Route('/done', done),
    Route('/blocking', blocking),
    WebSocketRoute('/chat', chat),
])
`

t.test('a Starlette application', async t => {
  const server = await startPython(t, STARLETTE)
  const client = new Client(t, server.target)
  const done = async (name: string): Promise<void> => {
    while (!(await client.get('/done')).body.includes(name));
  }

  await t.test('a stream of events ends when its client leaves', async t => {
    const raw = await connectRaw(t, server.target)
    raw.write(head('/events'))
    await raw.until(/(data: now\n\n[^:]*){3}/)
    raw.socket.destroy()
    await t.resolves(done('events'))
  })

  await t.test('a task in the background runs after the answer', async t => {
    t.match(await client.get('/inner/background'), { status: 200, body: 'answered' })
    await t.resolves(done('background'))
  })

  await t.test('endpoints that block run in threads', async t => {
    const replies = await client.many(4, '/blocking')
    t.same(
      replies.map(({ body }) => body),
      Array(4).fill('in a thread'),
    )
  })

  await t.test('a WebSocket', async t => {
    const socket = await openWebSocket(t, server.target, '/chat')
    t.equal(String(await ask(socket, 'hello')).replaceAll(' ', ''), '{"said":"hello"}')
    socket.close()
    await t.resolves(done('chat'))
  })

  t.same(await server.stop(), { code: 0, signal: null })
})
