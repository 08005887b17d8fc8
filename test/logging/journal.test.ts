import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ErrorLog } from '../../lib/logging/logger.js'
import { testdir } from '../helpers/at-end.js'

const path = join(testdir(t, { log: '' }), 'log')

function written(logFormat: 'auto' | 'text' | 'json', write: (log: ErrorLog['logger']) => void): string[] {
  writeFileSync(path, '')
  const log = ErrorLog.open({ errorlog: path, loglevel: 'debug', logFormat })
  write(log.logger)
  log.close()
  return readFileSync(path, 'utf8').trimEnd().split('\n')
}

t.before(() => {
  const { dev, ino } = statSync(path, { bigint: true })
  process.env.JOURNAL_STREAM = `${dev}:${ino}`
})
t.teardown(() => delete process.env.JOURNAL_STREAM)

t.test('each line has its priority, those of a stack too', async t => {
  const lines = written('auto', log => {
    log.debug('one')
    log.info('two')
    log.warn('three')
    log.error({ err: new Error('why') }, 'four')
    log.fatal('five')
  })
  t.match(lines.map(line => line.slice(0, 4)).join(' '), /^<7>\[ <6>\[ <4>\[ <3>\[( <3> )+ <2>\[$/)
  t.match(lines[1], /^<6>\[.*\[INFO\] two$/, 'text, as people read the journal')
})

t.test('json, if it is asked for', async t => {
  const [line = ''] = written('json', log => log.warn('three'))
  t.match(JSON.parse(line.replace(/^<4>/, '')), { level: 'warn', msg: 'three' })
})

t.test('another file is not the journal', async t => {
  process.env.JOURNAL_STREAM = '1:1'
  t.match(JSON.parse(written('auto', log => log.warn('three'))[0] ?? ''), { level: 'warn', msg: 'three' })
})
