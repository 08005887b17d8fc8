import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { UnicornError } from '../../lib/errors.js'
import { ErrorLog, type ErrorLogOptions } from '../../lib/logging/logger.js'
import { requireCommand } from '../helpers/require-command.js'
import { makeFifo } from './fifo.js'
import { closed, startChild, textOf } from './processes.js'

interface OpenLog {
  log: ErrorLog
  path: string
  read(): string
}

function open(t: Test, options: Partial<ErrorLogOptions> = {}): OpenLog {
  const path = join(t.testdir(), 'error.log')
  const log = ErrorLog.open({ errorlog: path, loglevel: 'info', logFormat: 'text', ...options })
  t.teardown(() => log.close())
  return { log, path, read: () => readFileSync(path, 'utf8') }
}

const HEAD = String.raw`\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[${process.pid}\] `
const parseLines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))

t.test('text lines look like those of Gunicorn', async t => {
  const { log, read } = open(t, { loglevel: 'debug' })
  log.logger.debug('d')
  log.logger.info('Listening at: %s (%d)', 'http://127.0.0.1:8000', 7)
  log.logger.warn('w')
  log.logger.error('e')
  log.logger.fatal('c')
  const lines = [
    'DEBUG\\] d',
    'INFO\\] Listening at: http://127\\.0\\.0\\.1:8000 \\(7\\)',
    'WARNING\\] w',
    'ERROR\\] e',
    'CRITICAL\\] c',
  ]
  t.match(read(), new RegExp(`^${lines.map(line => `${HEAD}\\[${line}\n`).join('')}$`))
})

t.test('the time is local time with its offset', async t => {
  const { log, read } = open(t)
  log.logger.info('x')
  const [, date, clock, offset] = /^\[(\S+) (\S+) ([+-]\d{4})\]/.exec(read()) ?? []
  const age = Date.now() - Date.parse(`${date}T${clock}${offset}`)
  t.ok(age >= 0 && age < 60_000, `${age} ms old`)
})

t.test("the level decides, and takes Gunicorn's names", async t => {
  const { log, read } = open(t, { loglevel: 'warning' })
  log.logger.info('no')
  log.logger.warn('yes')
  t.match(read(), new RegExp(`^${HEAD}\\[WARNING\\] yes\n$`))
})

t.test('fields stand behind the message, quoted where needed', async t => {
  const { log, read } = open(t)
  log.logger.info({ worker: 3, path: '/a/b', name: 'a b', list: [1, 'x'], none: null, empty: '' }, 'Booting')
  t.match(read(), /\] Booting worker=3 path=\/a\/b name="a b" list=\[1,"x"\] none=null empty=""\n$/)
})

t.test('child loggers carry their bindings', async t => {
  const { log, read } = open(t)
  log.logger.child({ worker: 1 }).child({ slot: 'b' }).info({ n: 2 }, 'x')
  t.match(read(), /\[INFO\] x worker=1 slot=b n=2\n$/)
})

t.test('neither message, key nor value can forge a line or steer a terminal', async t => {
  const { log, read } = open(t)
  const evil = 'a\n[2026-01-01 00:00:00 +0000] [1] [INFO] forged\r\x1b[2J\u009b\u2028\u202e'
  const error = new Error(evil)
  log.logger.info(evil)
  log.logger.info({ value: evil, [evil]: 1, deep: { [evil]: [evil] } }, 'fields')
  log.logger.error({ err: error }, 'error')
  log.logger.error({ err: new UnicornError('x', { found: evil, wanted: [evil], where: evil, error }) }, 'fault')
  const lines = read().trimEnd().split('\n')
  const wanted = new RegExp(`^(${HEAD}\\[(INFO|ERROR)\\] (a\\\\n|fields |error$|fault$)|    )`)
  t.same(
    lines.filter(line => !wanted.test(line) || /[\p{Cc}\p{Zl}\p{Bidi_Control}]/u.test(line)),
    [],
  )
  t.match(read(), 'forged\\r\\x1b[2J\\x9b\\u2028\\u202e')
})

t.test('JSON has one object a line, whatever is in it', async t => {
  const { log, read } = open(t, { logFormat: 'json' })
  const before = Date.now()
  log.logger.child({ worker: 1 }).info({ n: 2 }, 'a\nb')
  log.logger.warn('w')
  log.logger.fatal('f')
  log.logger.info({ path: '/\x9b2J\u2028' }, 'c\x85d\u202ee')
  t.notMatch(read(), /[\x7f-\x9f\u2028\u202e]/)
  const [first, second, third, fourth] = parseLines(read())
  t.match(fourth, { path: '/\x9b2J\u2028', msg: 'c\x85d\u202ee' })
  t.same({ ...first, time: 0 }, { level: 'info', time: 0, pid: process.pid, worker: 1, n: 2, msg: 'a\nb' })
  t.match(first?.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.ok(Date.parse(String(first?.time)) >= before)
  t.same([second?.level, third?.level], ['warn', 'fatal'])
})

t.test('fields cannot take the place of level, time and pid', async t => {
  const { log, read } = open(t, { logFormat: 'json' })
  log.logger.info({ pid: 1, level: 'x', time: 2 }, 'm')
  t.match(parseLines(read())[0], {
    pid: process.pid,
    level: 'info',
    time: String,
    pid_: 1,
    level_: 'x',
    time_: 2,
    msg: 'm',
  })
})

t.test('an error has its stack and its causes below, in text', async t => {
  const { log, read } = open(t)
  const root = new TypeError('root')
  const middle = new UnicornError('no such port', { found: 99999, wanted: 'below 65536', where: '--bind', error: root })
  log.logger.error({ err: new Error('top', { cause: middle }), n: 1 }, 'Failed')
  const text = read().replaceAll(/^ {8}at .*\n/gm, '')
  t.match(text, new RegExp(`^${HEAD}\\[ERROR\\] Failed n=1\n`))
  t.equal(
    text.slice(text.indexOf('\n') + 1),
    `    Error: top
    caused by: UnicornError: no such port
      found: 99999
      wanted: below 65536
      where: --bind
    caused by: TypeError: root
`,
  )
  t.match(read(), /^ {8}at .*logger\.test/m, 'with stacks')
})

t.test('an error alone, several in one, one under another name, and what is no error', async t => {
  const { log, read } = open(t)
  log.logger.error(new RangeError('alone'))
  log.logger.error(new AggregateError([new Error('first'), 'second'], 'all'))
  log.logger.error({ reason: new Error('named') }, 'm')
  log.logger.error({ err: 'thrown text' }, 'm')
  const text = read()
  t.match(text, /\[ERROR\] alone\n {4}RangeError: alone\n {8}at /)
  t.match(text, /\n {4}error 1: Error: first\n(.*\n)* {4}error 2: second\n/)
  t.match(text, /\[ERROR\] m\n {4}reason: Error: named\n {8}at /)
  t.match(text, /\[ERROR\] m err="thrown text"\n/)
})

t.test('an error in JSON', async t => {
  const { log, read } = open(t, { logFormat: 'json' })
  const cause = new UnicornError('inner', { found: new Map([[1, 2]]), wanted: 'x', where: 'y' })
  const loop = new Error('loop')
  loop.cause = loop
  log.logger.error({ err: Object.assign(new TypeError('outer', { cause }), { code: 'EX' }) }, 'm')
  log.logger.error({ err: loop }, 'm')
  log.logger.error(
    {
      err: new Error('x', { cause: 10n }),
      self: (() => {
        const circle: Record<string, unknown> = {}
        circle.self = circle
        return circle
      })(),
    },
    'm',
  )
  const [first, second] = parseLines(read())
  t.match(first, {
    err: {
      type: 'TypeError',
      message: 'outer',
      code: 'EX',
      stack: /^TypeError: outer\n {4}at /,
      cause: { type: 'UnicornError', message: 'inner', fault: { found: 'Map(1) { 1 => 2 }', wanted: 'x', where: 'y' } },
    },
  })
  t.match(second, { err: { cause: { cause: { message: 'loop' } } } }, 'a circle of causes ends')
  t.equal(parseLines(read()).length, 3)
})

t.test('auto is JSON where the destination is no terminal', async t => {
  const { log, read } = open(t, { logFormat: 'auto' })
  log.logger.info('x')
  t.match(parseLines(read())[0], { msg: 'x' })
})

t.test('configure changes level, format and destination of the same logger and its children', async t => {
  const { log, path, read } = open(t)
  const { logger } = log
  const child = logger.child({ worker: 1 })
  log.configure({ errorlog: `${path}.2`, loglevel: 'debug', logFormat: 'json' })
  t.equal(log.logger, logger)
  child.debug('x')
  t.equal(read(), '')
  t.match(parseLines(readFileSync(`${path}.2`, 'utf8')), [{ level: 'debug', worker: 1, msg: 'x' }])
  log.configure({ errorlog: path, loglevel: 'critical', logFormat: 'text' })
  child.error('no')
  child.fatal('yes')
  t.match(read(), new RegExp(`^${HEAD}\\[CRITICAL\\] yes worker=1\n$`))
})

t.test('configure that fails changes nothing', async t => {
  const { log, path, read } = open(t)
  const errorlog = join(path, 'under-a-file.log')
  t.throws(() => log.configure({ errorlog, loglevel: 'critical', logFormat: 'json' }), {
    message: new RegExp(errorlog),
  })
  log.logger.info('x')
  t.match(read(), /\[INFO\] x\n$/)
})

t.test('a path that cannot be opened is named', async t => {
  const errorlog = join(t.testdir(), 'missing/error.log')
  t.throws(() => ErrorLog.open({ errorlog, loglevel: 'info', logFormat: 'auto' }), {
    name: 'UnicornError',
    message: new RegExp(errorlog),
  })
})

t.test('reopen follows the path', async t => {
  const { log, path, read } = open(t)
  log.logger.info('one')
  renameSync(path, `${path}.1`)
  log.reopen()
  log.logger.info('two')
  t.match(readFileSync(`${path}.1`, 'utf8'), /\] one\n$/)
  t.match(read(), new RegExp(`^${HEAD}\\[INFO\\] two\n$`))
})

t.test('where reopen fails, the old file says so and stays in use', async t => {
  const directory = t.testdir({ logs: {} })
  const log = ErrorLog.open({ errorlog: join(directory, 'logs/error.log'), loglevel: 'info', logFormat: 'text' })
  t.teardown(() => log.close())
  renameSync(join(directory, 'logs'), join(directory, 'moved'))
  log.reopen()
  log.logger.info('three')
  const moved = readFileSync(join(directory, 'moved/error.log'), 'utf8')
  t.match(moved, /\[ERROR\] Cannot reopen .*error\.log; going on with the old file\n/)
  t.match(moved, /\n {4}caused by: Error: ENOENT/)
  t.match(moved, /\[INFO\] three\n$/)
})

t.test('lost lines never throw, and the next line that gets through tells their number', async t => {
  for (const logFormat of ['text', 'json'] as const) {
    using fifo = makeFifo(t.testdir({}))
    const log = ErrorLog.open({ errorlog: fifo.path, loglevel: 'info', logFormat })
    fifo.closeReader()
    for (let index = 0; index < 3; index += 1) log.logger.info('lost')
    fifo.openReader()
    log.logger.info('back')
    log.logger.info('again')
    const lines = fifo.read().trimEnd().split('\n')
    t.equal(lines.length, 3)
    t.match(lines[0], /Lost 3 earlier lines of this log \(EPIPE\)/)
    t.match(lines[2], /again/)
    log.close()
  }
})

t.test('a full disk does not end anything', async t => {
  const log = ErrorLog.open({ errorlog: '/dev/full', loglevel: 'info', logFormat: 'json' })
  t.doesNotThrow(() => log.logger.error('x'))
  t.doesNotThrow(() => log.logger.fatal('y'))
  t.doesNotThrow(() => log.close())
  t.doesNotThrow(() => log.logger.info('after close'))
})

t.test('a process whose standard error has lost its reader lives on', async t => {
  const child = startChild(['logIntoNothing', '-'], ['pipe', 'pipe', 'pipe'])
  const out = textOf(child.stdout)
  const gone = child.stderr && once(child.stderr, 'close')
  child.stderr?.destroy()
  await gone
  child.stdin?.end()
  t.equal(await closed(child), 0)
  t.equal(await out, 'survived\n')
})

t.test('standard error, as a socket, has the line as JSON', async t => {
  const child = startChild(['logOnce', '-'], ['ignore', 'ignore', 'pipe'])
  const text = textOf(child.stderr)
  t.equal(await closed(child), 0)
  t.match(parseLines(await text), [{ level: 'info', pid: child.pid, msg: 'Listening' }])
})

t.test('standard error, as a terminal, has text', async t => {
  requireCommand(['script', '--version'])
  const command = `'${process.execPath}' '${join(import.meta.dirname, 'child.js')}' logOnce -`
  const terminal = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const text = textOf(terminal.stdout)
  t.equal(await closed(terminal), 0)
  t.match(await text, /^\[[^\]]+\] \[\d+\] \[INFO\] Listening\r\n$/)
})
