import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseSyslogAddress, syslogAddressText } from '../../lib/logging/syslog-address.js'
import { atEnd } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { NotifyReceiver } from '../helpers/notify-receiver.js'
import { requireCommand } from '../helpers/require-command.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { spawnClean } from '../helpers/spawn.js'
import { until } from '../helpers/until.js'

const APP = `export function application(environ, startResponse) {
  if (environ.PATH_INFO === '/fail') throw new Error('été\\nand more')
  startResponse('200 OK', [])
  return ['x']
}
`
const NOWHERE = /^Lines do not reach syslog at /

/** A UDP port, and the datagrams that came to it. */
async function receiver(t: Test, type: 'udp4' | 'udp6' = 'udp4'): Promise<{ port: number; received: string[] }> {
  const socket = createSocket(type)
  const received: string[] = []
  socket.on('message', message => received.push(message.toString()))
  socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1')
  await once(socket, 'listening')
  atEnd(t, () => void socket.close())
  return { port: socket.address().port, received }
}

const has = (received: readonly string[], pattern: RegExp): boolean => received.some(line => pattern.test(line))

t.test('both logs, over UDP', async t => {
  const { port, received } = await receiver(t)
  const to = ['--log-syslog', '--log-syslog-to', `udp://localhost:${port}`]
  const args = [...to, '--log-syslog-prefix', 'shop 1', '--log-syslog-facility', 'local3']
  const server = await startServer(t, { app: APP, args, expectErrors: [/^the application failed/] })
  const client = new Client(t, server.target)
  await client.get('/fail')
  await client.get('/page?a=b')
  // local3 is 19, times 8; info is 6, err 3. RFC 5424.
  const frame = (severity: number, log: string, pid: number): string =>
    `^<${19 * 8 + severity}>1 \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z \\S+ unicorn\\.shop\\.1\\.${log} ${pid} - - `
  const wanted = [
    new RegExp(`${frame(6, 'error', server.pid)}Listening at: http`),
    new RegExp(`${frame(6, 'error', server.worker())}Booting worker`),
    new RegExp(`${frame(3, 'error', server.worker())}the application failed method=GET path=/fail`),
    new RegExp(`${frame(3, 'error', server.worker())}    Error: été$`),
    new RegExp(`${frame(3, 'error', server.worker())}    and more$`),
    new RegExp(`${frame(6, 'access', server.worker())}127\\.0\\.0\\.1 .*"GET /page\\?a=b HTTP/1\\.1" 200 1 `),
  ]
  await t.resolves(until('all of it has come', () => wanted.every(pattern => has(received, pattern))))
  t.notOk(
    received.some(line => line.includes('\n')),
    'a line a datagram',
  )
  await t.resolves(server.log(/^the application failed/), 'the error log has its lines all the same')
})

t.test('a unix socket, by HUP, without the access log', async t => {
  const path = join(shortDir(t), 'log')
  const unix = await NotifyReceiver.listen(t, path)
  const config = (more: object): string => JSON.stringify({ syslogAddr: `unix:${path}`, ...more })
  const files = { 'unicorn.config.json': config({}) }
  const server = await startServer(t, { app: APP, files })
  writeFileSync(join(server.cwd, 'unicorn.config.json'), config({ syslog: true, disableRedirectAccessToSyslog: true }))
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await new Client(t, server.target).get('/page')
  server.signal('SIGTERM')
  await server.ended()
  // user is 1, times 8; as syslog(3) has it.
  const line = (text: string): RegExp =>
    new RegExp(
      `^<14>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d unicorn\\.app\\.application\\.error\\[\\d+\\]: ${text}`,
    )
  const wanted = [line('Booting worker'), line('Handling signal: term'), line('Shut down')]
  await t.resolves(until('it has come', () => wanted.every(pattern => has(unix.lines, pattern))))
  t.notOk(has(unix.lines, /access|\/page/))
})

t.test('a syslog that is not there, or does not read, holds nothing up, and is told once', async t => {
  const directory = shortDir(t)
  const stuck = await NotifyReceiver.listen(t, join(directory, 'stuck'))
  stuck.stop()
  const addresses = [
    `unix:${directory}/missing`,
    `unix:${directory}/stuck`,
    'udp://127.0.0.1:1',
    'udp://no-such-host.invalid:514',
  ]
  for (const address of addresses) {
    const args = ['--log-syslog', '--log-syslog-to', address, '--log-level', 'debug', '--access-logfile', 'access.log']
    const server = await startServer(t, { app: APP, workers: 2, args })
    const client = new Client(t, server.target)
    for (let i = 0; i < 70; i++) await client.many(10, '/page')
    await server.log(NOWHERE)
    server.signal('SIGTERM')
    t.equal((await server.ended()).code, 0)
    const told = server.logged(NOWHERE).map(({ msg }) => msg)
    // A full queue is noticed by each process, of each log.
    const most = address.endsWith('stuck') ? 5 : 1
    t.ok(
      told.length > 0 && told.length <= most && told[0]?.includes(`at ${address} (--log-syslog-to): E`),
      `${address}: ${told.join()}`,
    )
    t.equal(readFileSync(join(server.cwd, 'access.log'), 'utf8').split('\n').length, 701)
  }
})

t.test('rsyslogd understands both', async t => {
  requireCommand(['rsyslogd', '-v'])
  const directory = shortDir(t)
  const [path, out] = [join(directory, 'log'), join(directory, 'out')]
  const { port } = await freeUdpPort()
  const conf = join(directory, 'conf')
  writeFileSync(
    conf,
    `global(workDirectory="${directory}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${path}" CreatePath="on")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="${port}")
template(name="t" type="string" string="%syslogfacility-text%.%syslogseverity-text% %programname% %procid% %msg%\\n")
*.* action(type="omfile" file="${out}" template="t")
`,
  )
  const daemon = spawnClean(['rsyslogd', '-n', '-f', conf, '-i', join(directory, 'pid')], { cwd: directory, env: {} })
  atEnd(t, async () => {
    const ended = once(daemon, 'exit')
    daemon.kill('SIGTERM')
    await ended
  })
  await until('rsyslogd listens', () => existsSync(path))
  const read = (): string => (existsSync(out) ? readFileSync(out, 'utf8') : '')
  for (const address of [`unix:${path}`, `udp://127.0.0.1:${port}`]) {
    const prefix = address.slice(0, 3)
    const args = ['--log-syslog', '--log-syslog-to', address, '--log-syslog-facility', 'daemon']
    const server = await startServer(t, { app: APP, args: [...args, '--log-syslog-prefix', prefix] })
    await new Client(t, server.target).get('/page')
    const wanted = [
      `daemon.info unicorn.${prefix}.error ${server.worker()} +Booting worker with pid: ${server.worker()}`,
      `daemon.info unicorn.${prefix}.access ${server.worker()} +127.0.0.1 .*GET /page`,
    ]
    await t.resolves(until(`${address} is in the file`, () => wanted.every(text => new RegExp(text).test(read()))))
  }
})

t.test('addresses', async t => {
  const texts = {
    'udp://localhost:514': 'udp://localhost:514',
    'udp://log.example': 'udp://log.example:514',
    'udp://[::1]:5140': 'udp://[::1]:5140',
    'unix:/dev/log': 'unix:/dev/log',
    'unix:///dev/log#dgram': 'unix:/dev/log',
    'unix:@name': 'unix:@name',
    'unix:///dev/log#stream': undefined,
    'tcp://localhost:514': undefined,
    'udp://localhost:0': undefined,
    'udp://localhost:99999': undefined,
    'udp://': undefined,
    'unix:': undefined,
    '/dev/log': undefined,
    'localhost:514': undefined,
  }
  const read = (text: string): string | undefined => {
    const address = parseSyslogAddress(text)
    return address && syslogAddressText(address)
  }
  t.same(Object.fromEntries(Object.keys(texts).map(text => [text, read(text)])), texts)
})

async function freeUdpPort(): Promise<{ port: number }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>(resolve => socket.close(resolve))
  return { port }
}
