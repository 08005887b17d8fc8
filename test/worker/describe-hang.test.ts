import t from 'tap'
import { describeHang } from '../../lib/worker/watchdog/describe-hang.js'
import type { Unseen } from '../../lib/worker/watchdog/main-thread.js'

function messageOf(seen: Unseen): string {
  return describeHang({ pid: 7, worker: 0, booting: false, blocked: 2000, seen }).message
}

t.test('a main thread that slept is said to be in a system call', async t => {
  t.equal(
    messageOf({ waited: 1000, asleep: true, ran: 0 }),
    'Worker hangs (pid: 7): event loop blocked for 2.0 s, most likely in a synchronous child process, a blocking read ' +
      'or other native code, where it sleeps and cannot be stopped, so neither its stack nor its requests are known',
  )
})

t.test('of one that did not stop in time no cause is given, but what was seen', async t => {
  t.equal(
    messageOf({ waited: 6010, asleep: false, ran: 320 }),
    'Worker hangs (pid: 7): event loop blocked for 2.0 s, and it could not be stopped within 6.0 s, in which it ran ' +
      'for 0.3 s, so neither its stack nor its requests are known',
  )
  t.match(messageOf({ waited: 6010, asleep: false, ran: undefined }), /within 6\.0 s, so neither/)
})
