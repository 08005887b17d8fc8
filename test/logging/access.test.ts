import { once } from 'node:events'
import { closeSync, openSync, readFileSync, renameSync, watch } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createAccessLog } from '../../lib/logging/access.js'
import { checkLogs } from '../../lib/logging/check-logs.js'
import { entryOf } from './entry.js'
import { makeFifo } from './fifo.js'
import { closed, startChild, textOf } from './processes.js'

t.test('lines wait, and flush writes them in order', async t => {
  const path = join(t.testdir(), 'access.log')
  const log = createAccessLog({ accesslog: path, format: '%(r)s' })
  log.write(entryOf({ url: '/1' }))
  log.write(entryOf({ url: '/2' }))
  t.equal(readFileSync(path, 'utf8'), '', 'buffered')
  log.flush()
  t.equal(readFileSync(path, 'utf8'), 'GET /1 HTTP/1.1\nGET /2 HTTP/1.1\n')
  log.flush()
  t.equal(readFileSync(path, 'utf8').length, 32, 'once')
  log.close()
})

t.test('lines are written by themselves after a moment', async t => {
  const directory = t.testdir()
  const path = join(directory, 'access.log')
  const log = createAccessLog({ accesslog: path, format: '%(r)s' })
  const watcher = watch(path)
  const changed = once(watcher, 'change')
  log.write(entryOf({ url: '/1' }))
  await changed
  watcher.close()
  t.equal(readFileSync(path, 'utf8'), 'GET /1 HTTP/1.1\n')
  log.close()
})

t.test('lines are written at once where many wait', async t => {
  const path = join(t.testdir(), 'access.log')
  const log = createAccessLog({ accesslog: path, format: '%(r)s' })
  for (let index = 0; index < 70; index += 1) log.write(entryOf({ url: `/${'x'.repeat(1000)}` }))
  const length = readFileSync(path, 'utf8').length
  t.ok(length >= 64 * 1024 && length < 70_000, String(length))
  log.close()
  t.equal(readFileSync(path, 'utf8').split('\n').length, 71, 'close writes the rest')
})

t.test('reopen flushes into the old file first', async t => {
  const path = join(t.testdir(), 'access.log')
  const log = createAccessLog({ accesslog: path, format: '%(U)s' })
  log.write(entryOf({ url: '/old' }))
  renameSync(path, `${path}.1`)
  log.reopen()
  log.write(entryOf({ url: '/new' }))
  log.close()
  t.equal(readFileSync(`${path}.1`, 'utf8'), '/old\n')
  t.equal(readFileSync(path, 'utf8'), '/new\n')
})

t.test('a failed reopen is reported, and the old file stays in use', async t => {
  const directory = t.testdir({ logs: {} })
  const problems: string[] = []
  const onProblem = (problem: Error) => problems.push(problem.message)
  const log = createAccessLog({ accesslog: join(directory, 'logs/access.log'), format: '%(U)s', onProblem })
  renameSync(join(directory, 'logs'), join(directory, 'moved'))
  log.reopen()
  log.write(entryOf())
  log.close()
  t.match(problems, [/^cannot open the log file .*logs\/access\.log/])
  t.equal(readFileSync(join(directory, 'moved/access.log'), 'utf8'), '/\n')
})

t.test('a full disk never throws, and is told once', async t => {
  const problems: string[] = []
  const onProblem = (problem: Error) => problems.push(problem.message)
  const log = createAccessLog({ accesslog: '/dev/full', format: '%(U)s', onProblem })
  for (let index = 0; index < 3; index += 1) {
    log.write(entryOf())
    log.flush()
  }
  log.close()
  log.write(entryOf())
  log.flush()
  t.strictSame(problems, ['lines of the access log are being lost: ENOSPC'])
})

t.test('a reader that goes and comes back', async t => {
  using fifo = makeFifo(t.testdir())
  const problems: string[] = []
  const onProblem = (problem: Error) => problems.push(problem.message)
  const log = createAccessLog({ accesslog: fifo.path, format: '%(U)s', onProblem })
  fifo.closeReader()
  for (const url of ['/1', '/2']) log.write(entryOf({ url }))
  log.flush()
  fifo.openReader()
  log.write(entryOf({ url: '/3' }))
  log.close()
  t.equal(fifo.read(), '/3\n')
  t.strictSame(problems, ['lines of the access log are being lost: EPIPE', '2 lines of the access log were lost'])
})

t.test('nothing is lost at exit', async t => {
  const child = startChild(['flushAndExit', '-'], ['ignore', 'pipe', 'inherit'])
  const out = textOf(child.stdout)
  t.equal(await closed(child), 0)
  t.equal(await out, 'GET /0 HTTP/1.1\nGET /1 HTTP/1.1\nGET /2 HTTP/1.1\n')
})

t.test('a reader that has stopped does not stop the server', async t => {
  using fifo = makeFifo(t.testdir())
  const end = openSync(fifo.path, 'w')
  fifo.fill()
  const child = startChild(['flushAndExit', '-'], ['ignore', end, 'inherit'])
  closeSync(end)
  t.equal(await closed(child), 0)
  t.match(fifo.read(), /^f+$/, 'the lines are lost')
})

t.test('waiting lines do not keep the process alive', async t => {
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const log = createAccessLog({ accesslog: join(t.testdir(), 'access.log'), format: '%(r)s' })
  const before = timers()
  log.write(entryOf())
  t.equal(timers(), before)
  log.close()
})

t.test('json: one object a line', async t => {
  const path = join(t.testdir(), 'access.log')
  const log = createAccessLog({ accesslog: path, format: 'json' })
  const finishedAt = new Date('2026-11-22T13:31:07.250Z')
  const request = {
    host: 'a',
    referer: 'b',
    'user-agent': 'c"\nd\x85\x9b\x7f',
    authorization: `Basic ${btoa('joe:secret')}`,
  }
  log.write(entryOf({ url: '/x?y', bytes: 5, durationMs: 1.23456, finishedAt, request, reason: 'OK' }))
  log.write(entryOf({ status: 0, outcome: 'aborted' }))
  log.close()
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  t.equal(lines.length, 2)
  t.notMatch(lines[0], /[^\x20-\x7e]/)
  t.strictSame(JSON.parse(lines[0] ?? ''), {
    time: '2026-11-22T13:31:07.250Z',
    pid: process.pid,
    remoteAddress: '192.0.2.1',
    user: 'joe',
    method: 'GET',
    url: '/x?y',
    httpVersion: '1.1',
    host: 'a',
    status: 200,
    reason: 'OK',
    bytes: 5,
    durationMs: 1.235,
    referer: 'b',
    userAgent: 'c"\nd\x85\x9b\x7f',
    outcome: 'finished',
  })
  t.match(JSON.parse(lines[1] ?? ''), { status: null, outcome: 'aborted', bytes: 0 })
})

t.test('what cannot work is refused at once', async t => {
  const accesslog = join(t.testdir(), 'missing/access.log')
  t.throws(() => checkLogs({ errorlog: '-', accesslog }), { name: 'UnicornError', message: new RegExp(accesslog) })
  t.throws(() => createAccessLog({ accesslog: '-', format: '%(nope)s' }), { message: /%\(nope\)s at character 1/ })
})
