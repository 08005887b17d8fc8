import { availableParallelism } from 'node:os'
import t from 'tap'
import { address } from '../../config/address-parsers.js'
import { assignments } from '../../config/assignments.js'
import type { Parser } from '../../config/parser.js'
import { accessFormat, boolean, choice, integer, list, logFile, path, text, workerCount } from '../../config/parsers.js'
import { duration, size } from '../../config/units.js'

interface Cases<Value> {
  parser: Parser<Value, never> | Parser<Value, unknown>
  good: [found: unknown, value: Value][]
  bad: unknown[]
}

function check<Value>(name: string, { parser, good, bad }: Cases<Value>): void {
  t.test(name, async t => {
    for (const [found, value] of good) t.same(parser.parse(found), value, `takes ${String(found)}`)
    for (const found of bad) {
      t.throws(() => parser.parse(found), { message: /^found .+, wanted .+/s }, `refuses ${String(found)}`)
    }
  })
}

check('a duration is in milliseconds, a bare number in seconds', {
  parser: duration,
  good: [
    ['30s', 30_000],
    ['2m', 120_000],
    ['500ms', 500],
    ['1.5s', 1500],
    ['.5s', 500],
    ['2 minutes', 120_000],
    ['1H', 3_600_000],
    ['30', 30_000],
    ['2.5', 2500],
    [30, 30_000],
    [0.25, 250],
    ['0', 0],
    [0, 0],
    ['0.2ms', 1],
    ['24d', 2_073_600_000],
  ],
  bad: ['-1', '-5s', -1, Number.NaN, Number.POSITIVE_INFINITY, '', 's', '5 parsecs', '1s2', '25d', null, true, [], {}],
})

check('a size is in bytes', {
  parser: size,
  good: [
    ['8190', 8190],
    [8190, 8190],
    ['10b', 10],
    ['64kb', 65_536],
    ['1.5MB', 1_572_864],
    ['2 gb', 2_147_483_648],
    [0, 0],
  ],
  bad: ['-1', -1, 1.5, '0.3b', '10k', '10tb', '', 'mb', Number.NaN, null, '9007199254740993'],
})

check('an integer keeps to its bounds', {
  parser: integer(1, 10),
  good: [
    ['1', 1],
    [10, 10],
    ['010', 10],
  ],
  bad: ['0', 11, '1.5', 1.5, '1e1', ' 1', '', null, '0x5', Number.NaN, true],
})

check('workers are an integer or auto', {
  parser: workerCount,
  good: [
    ['4', 4],
    [2, 2],
  ],
  bad: ['0', 0, '-1', 'many', '', 1.5, true],
})

check('a choice is one of its names or synonyms', {
  parser: choice('LEVEL', ['info', 'warning'], { warn: 'warning' }),
  good: [
    ['info', 'info'],
    ['warn', 'warning'],
  ],
  bad: ['INFO', '', 'toString', 3, null],
})

check('a switch is true or false', {
  parser: boolean,
  good: [
    [true, true],
    ['false', false],
  ],
  bad: [1, 0, 'yes', '', null],
})

check('text is not empty', { parser: text('NAME'), good: [['x', 'x']], bad: ['', 'a\0b', 3, () => 1] })

check('a list takes one or more', {
  parser: list(integer(0)),
  good: [
    [1, [1]],
    [
      [1, '2'],
      [1, 2],
    ],
  ],
  bad: [[], 'x', [1, 'x']],
})

check('an address is read where it is text', {
  parser: address,
  good: [['fd://3', { kind: 'fd', fd: 3 }]],
  bad: [8000, '', 'ftp://localhost:80', null],
})

check('environment variables are assignments or an object', {
  parser: assignments,
  good: [
    ['A=1', { A: '1' }],
    [['A=1', 'B=x=y', 'C='], { A: '1', B: 'x=y', C: '' }],
    [
      { A: 1, B: 'two\nlines' },
      { A: '1', B: 'two\nlines' },
    ],
    [[], {}],
  ],
  bad: ['A', '=1', ['A=1', 2], { A: null }, { 'A\0': '1' }, 3, null],
})

check('an access log format is checked at once', {
  parser: accessFormat,
  good: [
    ['json', 'json'],
    ['%(h)s', '%(h)s'],
  ],
  bad: ['', 3],
})

t.test('an unknown atom of the access log format is named', async t => {
  t.throws(() => accessFormat.parse('%(h)s %(zz)s'), { message: /%\(zz\)s/ })
})

t.test('auto is at least one worker and at most one for each CPU', async t => {
  const workers = workerCount.parse('auto')
  t.ok(workers >= 1 && workers <= availableParallelism())
})

t.test('what a parser prints, it reads as the same value', async t => {
  for (const value of [0, 1, 500, 1500, 30_000, 90_000, 3_600_000]) {
    t.equal(duration.parse(duration.print(value)), value === 0 ? 0 : value)
  }
  for (const value of [0, 1, 8190, 65_536, 1024 ** 3]) t.equal(size.parse(size.print(value)), value)
  t.equal(duration.print(90_000), '90s')
  t.equal(size.print(65_536), '64kb')
})

t.test('secrets are masked', async t => {
  const variables = { A: '1', SECRET_KEY: 'abc', DB_PASSWORD: 'abc', URL: 'postgres://me:abc@host/db' }
  const printed = assignments.print(variables)
  t.notMatch(printed, /abc/)
  t.match(printed, 'A=1')
  t.match(printed, 'postgres://me:***@host/db')
})

t.test('relative paths are anchored, streams are not', async t => {
  t.equal(path.anchor?.('run/pid', '/srv/app'), '/srv/app/run/pid')
  t.equal(path.anchor?.('/run/pid', '/srv/app'), '/run/pid')
  t.equal(logFile.anchor?.('-', '/srv/app'), '-')
  t.same(list(address).anchor?.([{ kind: 'unix', path: 's' }], '/srv/app'), [{ kind: 'unix', path: '/srv/app/s' }])
})
