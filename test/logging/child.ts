/**
 * A process that logs, for tests: `node child.js MODE PATH [ARGUMENT]`. It lives in a process of its own because the
 * tests are about standard descriptors, or about several processes that append to one file.
 */
import { createAccessLog } from '../../lib/logging/access.js'
import { ErrorLog } from '../../lib/logging/logger.js'
import { entryOf } from './entry.js'

const [, , mode = '', path = '', argument = ''] = process.argv

/** Lines whose length and letter say whether they are whole: `x500:` and then 500 times x. */
function appendErrors(): void {
  const { logger } = ErrorLog.open({ errorlog: path, loglevel: 'info', logFormat: 'text' })
  for (let length = 0; length < 400; length += 1) logger.info(`${argument}${length}:${argument.repeat(length)}`)
}

function appendAccess(): void {
  const log = createAccessLog({ accesslog: path, format: '%(U)s' })
  for (let length = 0; length < 800; length += 1)
    log.write(entryOf({ url: `${argument}${length}:${argument.repeat(length)}` }))
  log.flush()
}

/** Exits without a pause after the last line: the buffered ones count on the flush alone. */
function flushAndExit(): void {
  const log = createAccessLog({ accesslog: path, format: '%(r)s' })
  for (let index = 0; index < 3; index += 1) log.write(entryOf({ url: `/${index}` }))
  log.flush()
  process.exit(0)
}

/**
 * Logs for as long as its standard error is read by nobody, and reports on standard output that it lived through it.
 */
function logIntoNothing(): void {
  const { logger } = ErrorLog.open({ errorlog: path, loglevel: 'info', logFormat: 'json' })
  process.stdin.resume().once('end', () => {
    for (let index = 0; index < 5; index += 1) logger.error(`line ${index}`)
    process.stdout.write('survived\n')
  })
}

function logOnce(): void {
  ErrorLog.open({ errorlog: path, loglevel: 'info', logFormat: 'auto' }).logger.info('Listening')
}

const MODES: Readonly<Record<string, () => void>> = {
  appendErrors,
  appendAccess,
  flushAndExit,
  logIntoNothing,
  logOnce,
}
MODES[mode]?.()
