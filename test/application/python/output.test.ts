import { PassThrough } from 'node:stream'
import t from 'tap'
import { OutputRecorder } from '../../../lib/application/python/output.js'
import type { Logger } from '../../../lib/logging/log.js'

const TRACE = `Traceback (most recent call last):
  File "app.py", line 3, in run
    1 / 0
ZeroDivisionError: division by zero
`
const CHAIN = `${TRACE}
During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "app.py", line 5, in run
KeyError: 'x'
`
const GROUP = `  + Exception Group Traceback (most recent call last):
  |   File "app.py", line 1, in <module>
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +------------------------------------
`

interface Case {
  readonly name: string
  readonly written: readonly (string | Buffer)[]
  /** Level and message of each record. */
  readonly records: readonly string[]
}

const CASES: readonly Case[] = [
  {
    name: 'lines, however they come',
    written: ['one\ntw', 'o\n', 'three'],
    records: ['info one', 'info two', 'info three'],
  },
  { name: 'empty lines and carriage returns', written: ['\n\none\r\n\n'], records: ['info one'] },
  { name: 'a letter in two pieces', written: [Buffer.from([0xc3]), Buffer.from([0xa4, 0x0a])], records: ['info ä'] },
  {
    name: 'a traceback',
    written: [`before\n${TRACE}after\n`],
    records: ['info before', 'error ZeroDivisionError: division by zero', 'info after'],
  },
  { name: 'a traceback in pieces', written: [...TRACE], records: ['error ZeroDivisionError: division by zero'] },
  {
    name: 'two tracebacks',
    written: [TRACE, TRACE],
    records: Array(2).fill('error ZeroDivisionError: division by zero'),
  },
  { name: 'a chain', written: [CHAIN, 'after\n'], records: ["error KeyError: 'x'", 'info after'] },
  { name: 'a group', written: [GROUP], records: ['error ExceptionGroup: two (2 sub-exceptions)'] },
  { name: 'a traceback that was cut', written: [TRACE.slice(0, 40)], records: ['error Error: '] },
  { name: 'no end of a line', written: ['x'.repeat(70_000), 'y'], records: [`info ${'x'.repeat(70_000)}`, 'info y'] },
]

for (const { name, written, records } of CASES) {
  t.test(`what Python prints: ${name}`, async t => {
    const found: string[] = []
    const note = (level: string) => (_: unknown, text?: string) => void found.push(`${level} ${text}`)
    const log: Logger = {
      debug: note('debug'),
      info: note('info'),
      warn: note('warn'),
      error: note('error'),
      fatal: note('fatal'),
    }
    const stream = new PassThrough()
    const recorder = new OutputRecorder(stream, log, {})
    for (const piece of written) stream.write(piece)
    stream.end()
    await recorder.closed
    t.same(found, records)
  })
}
