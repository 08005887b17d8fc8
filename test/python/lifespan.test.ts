import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { spawnPython, startPython } from '../helpers/python.js'

/** One that has a lifespan, one that raises when it is asked for it, and one that takes no notice. */
const APPS = `
async def answer(send):
    await send({'type': 'http.response.start', 'status': 200})
    await send({'type': 'http.response.body', 'body': b'ok'})

async def has(scope, receive, send):
    if scope['type'] == 'http':
        return await answer(send)
    print((await receive())['type'])
    await send({'type': 'lifespan.startup.complete'})
    print((await receive())['type'])
    await send({'type': 'lifespan.shutdown.complete'})
    print('ended')

async def raises(scope, receive, send):
    assert scope['type'] == 'http', 'no lifespan here'
    await answer(send)

async def returns(scope, receive, send):
    if scope['type'] == 'http':
        await answer(send)

async def stuck(scope, receive, send):
    await receive()
    await send({'type': 'lifespan.startup.complete'})
    await receive()
    await receive()
`

t.test('--check-config starts the application up, and shuts it down', async t => {
  const server = spawnPython(t, APPS, { spec: 'app:has', args: ['--check-config'], bind: '' })
  t.same(await server.ended(), { code: 0, signal: null })
  const printed = server.stdout.lines.map(({ msg }) => msg)
  t.same(printed, ['lifespan.startup', 'lifespan.shutdown', 'ended'])
  const late = ['--check-config', '--graceful-timeout', '200ms']
  const other = spawnPython(t, APPS, { spec: 'app:stuck', args: late, bind: '' })
  t.same(await other.ended(), { code: 0, signal: null })
  t.equal(other.logged(/^Python process killed \(pid: \d+\): it did not end in time/).length, 1)
})

for (const [name, why] of [
  ['raises', 'AssertionError: no lifespan here'],
  ['returns', 'the application has no lifespan, which --lifespan on asks for'],
] as const) {
  t.test(`--lifespan of an application that ${name} without one`, async t => {
    for (const mode of ['auto', 'off']) {
      const server = await startPython(t, APPS, { spec: `app:${name}`, args: ['--lifespan', mode] })
      t.equal((await new Client(t, server.target).get('/')).body, 'ok')
    }
    const server = spawnPython(t, APPS, {
      spec: `app:${name}`,
      args: ['--lifespan', 'on', '--check-config'],
      bind: '',
      expectErrors: [messages.appLoadFailed],
    })
    t.equal((await server.ended()).code, 4)
    const [line] = server.logged(messages.appLoadFailed)
    t.ok(line?.msg.endsWith(`its start-up failed: ${why}`))
  })
}

t.test('--lifespan off does not ask for it, on does', async t => {
  for (const [mode, printed] of [
    ['off', []],
    ['on', ['lifespan.startup', 'lifespan.shutdown', 'ended']],
  ] as const) {
    const server = await startPython(t, APPS, { spec: 'app:has', args: ['--lifespan', mode] })
    t.equal((await new Client(t, server.target).get('/')).body, 'ok')
    t.same(await server.stop(), { code: 0, signal: null })
    t.same(
      server.stdout.lines.map(({ msg }) => msg),
      printed,
    )
  }
})
