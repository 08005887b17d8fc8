import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { ServerEvent } from '../../config/hooks.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

const CONFIG = `
const { appendFileSync } = require('node:fs')
exports.onEvent = (server, event) => {
  appendFileSync('events.log', JSON.stringify(event) + '\\n')
  if (event.type === 'upgraded' || event.type === 'reload-began') throw new Error('thrown by onEvent')
}
`

function events(server: Server): ServerEvent[] {
  const lines = readFileSync(join(server.cwd, 'events.log'), 'utf8').trimEnd().split('\n')
  return lines.map((line): ServerEvent => JSON.parse(line))
}

t.test('each change is one event, numbered, and a hook that throws stops none', async t => {
  const expectErrors = [/^Hook onEvent failed/, messages.exited]
  const server = await startServer(t, { files: { 'unicorn.config.cjs': CONFIG }, expectErrors })
  const [first] = await server.ready(1)
  server.signal('SIGHUP')
  const reloaded = await server.log(messages.reloaded)
  await server.log(messages.exited, { after: reloaded })
  const second = server.worker()
  process.kill(second, 'SIGSEGV')
  const crashed = await server.log(messages.exited, { count: 2 })
  await server.ready(1, crashed)
  await server.stop()
  const all = events(server)
  t.same(
    all.map(({ id }) => id),
    all.map((_, index) => index + 1),
  )
  t.match(
    all.filter(({ type }) => type !== 'state'),
    [
      { type: 'worker-ready', worker: 0, pid: first, generation: 1, at: Number },
      { type: 'reload-began', generation: 2 },
      { type: 'worker-ready', pid: second, generation: 2 },
      { type: 'outcome', command: 'reload', result: 'committed' },
      { type: 'worker-exited', pid: first, reason: 'reloaded', expected: true, exitCode: 0 },
      { type: 'worker-exited', pid: second, reason: 'crashed', expected: false, signal: 'SIGSEGV' },
      { type: 'worker-ready', worker: 0, generation: 2 },
      { type: 'worker-exited', reason: 'retired' },
      { type: 'outcome', command: 'stop', result: 'stopped' },
    ],
  )
  t.same(
    all.flatMap(event => (event.type === 'state' ? [event.state] : [])),
    ['running', 'reloading', 'running', 'stopping'],
  )
})
