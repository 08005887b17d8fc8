import t from 'tap'
import { bytesOf, LIMITS, readHead, tearings, verdictOf } from './scene.js'

const HOST = 'Host: a\r\n'
const get = (line: string, fields = HOST): string => `${line}\r\n${fields}\r\n`

/** Each is read whole, torn at each place, and byte by byte: the status is the same. 200 is a head that is served. */
const CASES: readonly [bytes: string, status: number | 'torn'][] = [
  [get('GET / HTTP/1.1'), 200],
  [get('\r\nGET / HTTP/1.1'), 200],
  [get('\r\n\r\nGET / HTTP/1.1'), 400],
  [get('\nGET / HTTP/1.1'), 400],
  [get('\rGET / HTTP/1.1'), 400],
  ['', 'torn'],
  ['\r\n', 'torn'],
  ['G', 'torn'],
  ['G\n', 400],
  ['GET / HTTP/1.1\r\n', 'torn'],
  [`GET / HTTP/1.1\r\n${HOST}`, 'torn'],
  [`GET / HTTP/1.1\r\n${HOST}\r`, 'torn'],
]

for (const [bytes, status] of CASES) {
  t.test(JSON.stringify(bytes), async t => {
    const whole = bytesOf(bytes)
    const verdicts = tearings(whole.length).map(ends => {
      const verdict = verdictOf(readHead(whole, ends, LIMITS))
      return typeof verdict === 'object' ? 200 : verdict
    })
    t.same([...new Set(verdicts)], [status])
  })
}
