import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { errorCode, toError, UnicornError } from '../../lib/errors.js'
import { errorRecord } from '../../lib/logging/error-record.js'
import { ErrorLog } from '../../lib/logging/logger.js'
import { describe } from '../../lib/sys/describe.js'
import { hostile } from '../helpers/hostile.js'

const SEEDS = Array.from({ length: 500 }, (_, seed) => seed)

/** What goes wrong, by seed: values like these cannot be shown by a test reporter. */
function failures(check: (value: unknown) => boolean): string[] {
  return SEEDS.flatMap(seed => {
    try {
      return check(hostile(seed)) ? [] : [`seed ${seed}`]
    } catch (error) {
      return [`seed ${seed}: ${error instanceof Error ? error.stack : 'it threw'}`]
    }
  })
}

t.test('any thrown value is an error whose texts can be read, again and again', async t => {
  const isTame = (value: unknown) => {
    const error = toError(value)
    const texts = Array.from({ length: 10 }, () => [error.message, error.name, error.stack ?? ''])
    return texts.flat().every(text => typeof text === 'string' && text.length < 200_000)
  }
  t.same(failures(isTame), [])
})

t.test('an ordinary error stays the same object', async t => {
  class Own extends Error {
    override readonly name = 'Own'
  }
  for (const error of [new TypeError('a'), new Own('b'), new DOMException('c', 'AbortError'), new UnicornError('d')]) {
    t.equal(toError(error), error)
  }
})

t.test('what is left of an error that cannot be used as it is', async t => {
  const error = Object.assign(new Error('x'.repeat(100_000)), { code: 'E_CODE', name: 'Large' })
  t.match(toError(error), { name: 'Large', code: 'E_CODE', message: /^x{65536}\.\.\. \(34464 more characters\)$/ })
  t.match(errorRecord(toError(error)), { type: 'Large', code: 'E_CODE' })
  // As JSON with escapes this would be longer than a string may be.
  t.equal(JSON.stringify(errorRecord(new Error('\n'.repeat(2 ** 28)))).length < 1_000_000, true)
  t.match(errorRecord(toError(Object.create(null))), { message: 'thrown: [Object: null prototype] {}' })
})

t.test('an application that formats stacks in its own way', async t => {
  const { prepareStackTrace } = Error
  const ways: (typeof prepareStackTrace)[] = [
    (_, frames) => frames,
    () => {
      throw new Error('no stack')
    },
  ]
  for (const way of ways) {
    Error.prepareStackTrace = way
    const errors = [new TypeError('a'), Object.create(null), new UnicornError('b')].map(toError)
    const records = errors.map(errorRecord)
    Error.prepareStackTrace = prepareStackTrace
    t.match(records, [
      { type: 'TypeError', message: 'a' },
      { message: /thrown/ },
      { type: 'UnicornError', message: 'b' },
    ])
    t.equal(errors[0]?.stack, 'Error: a')
  }
})

t.test('any thrown value becomes a record of limited size, that JSON can hold', async t => {
  const fits = (value: unknown) => JSON.stringify(errorRecord(toError(value))).length < 10_000_000
  t.same(failures(fits), [])
  t.same(
    failures(value => JSON.stringify(errorRecord(new Error('above', { cause: value }))).length < 10_000_000),
    [],
  )
})

t.test('any value can be described, and has a code or none', async t => {
  t.same(
    failures(value => typeof describe(value) === 'string' && ['string', 'undefined'].includes(typeof errorCode(value))),
    [],
  )
})

for (const logFormat of ['text', 'json'] as const) {
  t.test(`each of them is logged once, as ${logFormat}`, async t => {
    const path = join(t.testdir(), 'error.log')
    const log = ErrorLog.open({ errorlog: path, loglevel: 'info', logFormat })
    const some = SEEDS.filter(seed => seed % 5 === 0)
    const report = (value: unknown, mark: string) => {
      log.logger.error({ err: toError(value) }, mark)
      log.logger.error({ err: value }, mark)
      log.logger.error(value, mark)
      log.logger.error({ mark: value }, mark)
    }
    for (const seed of some) t.doesNotThrow(() => report(hostile(seed), `seed-${seed}.`), `seed ${seed}`)
    log.close()
    const text = readFileSync(path, 'utf8')
    const missing = some.filter(seed => text.split(`seed-${seed}.`).length < 4)
    t.same(missing, [])
  })
}
