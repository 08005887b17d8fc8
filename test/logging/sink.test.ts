import { spawn } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openSink } from '../../lib/logging/sink.js'
import { makeFifo } from './fifo.js'
import { brokenLines, closed, startChild } from './processes.js'

t.test('appends to a file that is there, and makes one that is not', async t => {
  const directory = t.testdir({ 'old.log': 'old\n' })
  const old = openSink({ path: join(directory, 'old.log'), standard: 2 })
  const fresh = openSink({ path: join(directory, 'new.log'), standard: 2 })
  t.teardown(() => [old, fresh].map(sink => sink.close()))
  t.equal(old.write('new\n'), 0)
  t.equal(fresh.write('a\nb\n'), 0)
  t.equal(readFileSync(join(directory, 'old.log'), 'utf8'), 'old\nnew\n')
  t.equal(readFileSync(join(directory, 'new.log'), 'utf8'), 'a\nb\n')
  t.equal(statSync(join(directory, 'new.log')).mode & 0o133, 0, 'nobody else may write')
  t.notOk(old.isTerminal)
})

t.test('an impossible path is an error that names it', async t => {
  const path = join(t.testdir(), 'missing', 'x.log')
  t.throws(() => openSink({ path, standard: 2 }), { name: 'UnicornError' })
  t.throws(() => openSink({ path, standard: 2 }), {
    message: new RegExp(path),
    cause: { where: path, found: 'ENOENT' },
  })
  t.throws(() => openSink({ path: t.testdirName, standard: 2 }), { cause: { found: 'EISDIR' } })
})

t.test('a relative path stays where it was when the process changes its directory', async t => {
  const directory = t.testdir({ a: {}, b: {} })
  const before = process.cwd()
  t.teardown(() => process.chdir(before))
  process.chdir(join(directory, 'a'))
  const sink = openSink({ path: 'x.log', standard: 2 })
  process.chdir(join(directory, 'b'))
  sink.reopen()
  sink.write('x\n')
  sink.close()
  t.equal(readFileSync(join(directory, 'a/x.log'), 'utf8'), 'x\n')
})

t.test('reopen follows the path after a rename', async t => {
  const path = join(t.testdir(), 'x.log')
  const sink = openSink({ path, standard: 2 })
  t.teardown(() => sink.close())
  sink.write('one\n')
  renameSync(path, `${path}.1`)
  sink.write('two\n')
  const open = readdirSync('/dev/fd').length
  sink.reopen()
  t.equal(readdirSync('/dev/fd').length, open, 'the old descriptor is closed')
  sink.write('three\n')
  t.equal(readFileSync(`${path}.1`, 'utf8'), 'one\ntwo\n')
  t.equal(readFileSync(path, 'utf8'), 'three\n')
})

t.test('a failed reopen throws and keeps the old file', async t => {
  const directory = t.testdir({ logs: {} })
  const sink = openSink({ path: join(directory, 'logs/x.log'), standard: 2 })
  t.teardown(() => sink.close())
  renameSync(join(directory, 'logs'), join(directory, 'moved'))
  t.throws(() => sink.reopen(), { cause: { found: 'ENOENT' } })
  t.equal(sink.write('still\n'), 0)
  t.equal(readFileSync(join(directory, 'moved/x.log'), 'utf8'), 'still\n')
})

t.test('a full disk loses lines, and counts them', async t => {
  const sink = openSink({ path: '/dev/full', standard: 2 })
  t.equal(sink.write('a\nb\nc\n'), 3)
  t.equal(sink.failure, 'ENOSPC')
  sink.close()
  t.equal(sink.write('d\n'), 1, 'after close too')
})

t.test('a pipe without a reader loses lines until there is one again', async t => {
  using fifo = makeFifo(t.testdir())
  const sink = openSink({ path: fifo.path, standard: 2 })
  t.teardown(() => sink.close())
  fifo.closeReader()
  t.equal(sink.write('a\n'), 1)
  t.equal(sink.failure, 'EPIPE')
  fifo.openReader()
  t.equal(sink.write('b\n'), 0)
  t.equal(sink.failure, undefined)
  t.equal(fifo.read(), 'b\n')
})

t.test('a pipe that nobody has ever opened for reading is refused at once', async t => {
  using fifo = makeFifo(t.testdir())
  fifo.closeReader()
  t.throws(() => openSink({ path: fifo.path, standard: 2 }), { cause: { found: 'ENXIO' } })
})

t.test('a full pipe is waited for, not for ever, and only once', async t => {
  using fifo = makeFifo(t.testdir())
  const sink = openSink({ path: fifo.path, standard: 2, patience: 60 })
  t.teardown(() => sink.close())
  const filled = fifo.fill()
  const start = performance.now()
  t.equal(sink.write('a\n'), 1)
  const first = performance.now() - start
  t.equal(sink.failure, 'EAGAIN')
  t.ok(first >= 60, 'the first line waits')
  for (let index = 0; index < 100; index += 1) sink.write('b\n')
  t.ok(performance.now() - start - first < 100 * 60, 'those behind it do not')
  t.equal(fifo.read().length, filled)
  t.equal(sink.write('c\n'), 0)
  t.equal(fifo.read(), 'c\n')
})

t.test('a line that meets a full pipe is not lost where somebody reads in time', async t => {
  const directory = t.testdir()
  using fifo = makeFifo(directory)
  const sink = openSink({ path: fifo.path, standard: 2, patience: 20_000 })
  const filled = fifo.fill()
  const out = join(directory, 'out')
  const cat = spawn('cat', [fifo.path], { stdio: ['ignore', openSync(out, 'w'), 'inherit'] })
  const long = `${'x'.repeat(100_000)}\n`
  t.equal(sink.write(long), 0)
  sink.close()
  t.equal(await closed(cat), 0)
  t.equal(readFileSync(out, 'utf8').slice(filled), long)
})

t.test('the rest of a torn line does not run into the next one', async t => {
  using fifo = makeFifo(t.testdir())
  const sink = openSink({ path: fifo.path, standard: 2, patience: 5 })
  t.teardown(() => sink.close())
  t.equal(sink.write(`${'x'.repeat(1_000_000)}\n`), 1, 'longer than the pipe')
  t.match(fifo.read(), /^x+$/)
  t.equal(sink.write('whole\n'), 0)
  t.equal(fifo.read(), '\nwhole\n')
})

t.test('a pipe with little room takes whole lines', async t => {
  using fifo = makeFifo(t.testdir())
  const sink = openSink({ path: fifo.path, standard: 2, patience: 5 })
  t.teardown(() => sink.close())
  fifo.fill()
  fifo.read(4096)
  const line = `${'x'.repeat(2999)}\n`
  t.equal(sink.write(line.repeat(3)), 2)
  t.equal(fifo.read().replace(/^f+/, ''), line)
})

t.test('four processes append to one file, and no line is torn', async t => {
  const path = join(t.testdir(), 'x.log')
  const children = ['a', 'b', 'c', 'd'].map(letter => startChild(['appendErrors', path, letter]))
  t.strictSame(await Promise.all(children.map(closed)), [0, 0, 0, 0])
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  t.equal(lines.length, 1600)
  t.strictSame(brokenLines(lines.map(line => line.replace(/^\[.*\] /, ''))), [])
})

t.test('four processes share one pipe as their standard output, and no line is torn', async t => {
  const directory = t.testdir()
  using fifo = makeFifo(directory)
  const out = join(directory, 'out')
  const cat = spawn('cat', [fifo.path], { stdio: ['ignore', openSync(out, 'w'), 'inherit'] })
  const end = openSync(fifo.path, 'w')
  const children = ['a', 'b', 'c', 'd'].map(letter =>
    startChild(['appendAccess', '-', letter], ['ignore', end, 'inherit']),
  )
  t.strictSame(await Promise.all(children.map(closed)), [0, 0, 0, 0])
  closeSync(end)
  await closed(cat)
  const lines = readFileSync(out, 'utf8').trimEnd().split('\n')
  t.equal(lines.length, 3200)
  t.strictSame(brokenLines(lines), [])
})

t.test('a file in the way of the directory', async t => {
  const directory = t.testdir()
  mkdirSync(join(directory, 'logs'))
  const sink = openSink({ path: join(directory, 'logs/x.log'), standard: 1 })
  rmSync(join(directory, 'logs'), { recursive: true })
  writeFileSync(join(directory, 'logs'), '')
  t.throws(() => sink.reopen(), { cause: { found: 'ENOTDIR' } })
  sink.close()
})
